// The faults that take a process its time: stop, for as long as the fault lasts, and cpu_limit, for a share of it.
#include <csignal>

#include "chaos/faults/parse.hpp"
#include "chaos/faults/registry.hpp"

namespace tidegate::chaos {
namespace {

class StopFault final : public HeldFault {
 public:
  explicit StopFault(ProcessTarget target) : target_(std::move(target)) {}
  Result<void> inject() override { return target_.signal(SIGSTOP); }
  void tick(Nanoseconds) override {
    if (hits_ == 0 && target_.stopped()) hits_ = 1;
  }
  std::optional<Undo> undo() const override { return Undo{true, -1, {}}; }
  Result<void> heal() override {
    tick({});
    return Undo{true, -1, {}}.apply(target_);
  }
  std::uint64_t hits() const override { return hits_; }

 private:
  ProcessTarget target_;
  std::uint64_t hits_ = 0;
};

// No privileges and no control groups: the process is stopped for the rest of each period.
class CpuLimitFault final : public HeldFault {
 public:
  CpuLimitFault(ProcessTarget target, double share) : target_(std::move(target)), share_(share) {}
  Result<void> inject() override { return {}; }
  void tick(Nanoseconds now) override {
    if (now < change_at_) return;
    running_ = !running_;
    if (target_.signal(running_ ? SIGCONT : SIGSTOP) && !running_) ++hits_;
    const double part = running_ ? share_ : 1 - share_;
    change_at_ = now + from_seconds(to_seconds(kPeriod) * part);
  }
  std::optional<Nanoseconds> next_tick() const override { return change_at_; }
  std::optional<Undo> undo() const override { return Undo{true, -1, {}}; }
  Result<void> heal() override { return Undo{true, -1, {}}.apply(target_); }
  std::uint64_t hits() const override { return hits_; }

 private:
  static constexpr Nanoseconds kPeriod = std::chrono::milliseconds(20);
  ProcessTarget target_;
  double share_;
  bool running_ = true;
  Nanoseconds change_at_{0};
  std::uint64_t hits_ = 0;
};

}  // namespace

FaultKind stop_fault() {
  FaultKind kind;
  kind.name = "stop";
  kind.target = TargetKind::process;
  kind.summary = "The process stands still (SIGSTOP), with its connections open.";
  kind.hit = "the process was seen standing still";
  kind.recovery = "it goes on (SIGCONT)";
  kind.parameters = schema::object({}, kind.summary);
  kind.exclusive = true;
  kind.check = [](const yaml::Node&, Diagnostics&) {};
  kind.make_held_fault = [](const yaml::Node&, ProcessTarget target) -> std::unique_ptr<HeldFault> {
    return std::make_unique<StopFault>(std::move(target));
  };
  return kind;
}

FaultKind cpu_limit_fault() {
  FaultKind kind;
  kind.name = "cpu_limit";
  kind.target = TargetKind::process;
  kind.summary = "The process runs for a share of the time only: it is stopped for the rest of every 20 ms.";
  kind.hit = "a time that it was stopped";
  kind.recovery = "it runs all the time";
  kind.parameters = schema::object(
      {schema::required("share", schema::share(), "of the time that it may run; required")}, kind.summary);
  kind.exclusive = true;
  kind.check = [](const yaml::Node& parameters, Diagnostics& diagnostics) {
    const yaml::Node* share = parameters.find("share");
    const double value = schema::as_share(*share);
    if (value < 0.01 || value > 0.99) diagnostics.add(share->mark(), "share: from 1% to 99%; stop is another fault");
  };
  kind.make_held_fault = [](const yaml::Node& parameters, ProcessTarget target) -> std::unique_ptr<HeldFault> {
    return std::make_unique<CpuLimitFault>(std::move(target), schema::as_share(*parameters.find("share")));
  };
  return kind;
}

}  // namespace tidegate::chaos
