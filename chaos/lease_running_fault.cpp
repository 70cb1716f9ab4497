#include "chaos/lease_running_fault.hpp"

#include <utility>

#include "base/log.hpp"

namespace tidegate::chaos {
namespace {

class LeaseRunningFault final : public RunningFault {
 public:
  LeaseRunningFault(LeaseRequest request, LinkControl& links, ProcessControl* processes)
      : request_(std::move(request)), links_(links), processes_(processes) {}

  Result<void> inject() override {
    if (!request_.process.empty()) {
      const auto identity = processes_->identity(request_.process);
      if (!identity) return identity.error();
      request_.pid = identity->pid;
      request_.started = identity->started;
    }
    auto report = links_.inject(request_);
    if (report) return {};
    // No answer is no refusal: it may be on all the same.
    const auto why = report.error().kind;
    if (why == Error::Kind::timeout || why == Error::Kind::closed || why == Error::Kind::protocol) {
      [[maybe_unused]] const auto healed = links_.heal(request_.id);
    }
    return report.error();
  }

  Result<bool> poll() override {
    auto report = links_.report(request_.id);
    if (!report) return report.error();
    hits_ = std::max(hits_, report->hits);
    if (report->active) return false;
    return machine_error("the chaos agent healed it before its time: " + report->healed_by);
  }

  Result<void> heal() override {
    auto report = links_.heal(request_.id);
    if (!report) report = links_.heal(request_.id);  // one lost answer is no failure; healing twice is harmless
    if (!report) return report.error();
    hits_ = std::max(hits_, report->hits);
    return {};
  }

  std::uint64_t hits() const override { return hits_; }

  // What cannot be read now is read with the next second's; what the agent takes to its grave is not marked.
  std::vector<Touch> take_touched() override {
    std::vector<Touch> all;
    if (request_.link.empty()) return all;
    for (int page = 0; page < kPagesAtATime; ++page) {
      auto more = links_.touched(request_.id, touches_read_);
      if (!more || more->touches.empty()) break;
      all.insert(all.end(), more->touches.begin(), more->touches.end());
      touches_read_ = more->next;
      if (more->beyond > 0 && !std::exchange(told_of_beyond_, true)) {
        log::warn("a fault touched more messages than the agent remembers: later ones carry no mark",
                  {{"fault", request_.id}, {"remembered", std::to_string(TouchLog::kMost)}});
      }
    }
    return all;
  }

 private:
  LeaseRequest request_;
  LinkControl& links_;
  ProcessControl* processes_;
  static constexpr int kPagesAtATime = 20;
  std::uint64_t hits_ = 0, touches_read_ = 0;
  bool told_of_beyond_ = false;
};

}  // namespace

std::unique_ptr<RunningFault> make_lease_running_fault(const FaultSpec& spec, std::uint64_t seed, LinkControl& links,
                                                       ProcessControl* processes) {
  LeaseRequest request;
  request.id = spec.name;
  (spec.target_kind == TargetKind::link ? request.link : request.process) = spec.target;
  request.kind = spec.kind;
  request.parameters = spec.parameters;
  request.match = spec.match;
  request.seed = seed;
  request.duration = spec.heal_at ? *spec.heal_at - spec.inject_at : Nanoseconds{0};
  request.by = "the run";
  return std::make_unique<LeaseRunningFault>(std::move(request), links, processes);
}

}  // namespace tidegate::chaos
