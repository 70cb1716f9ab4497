// The faults that restart processes again and again: crash_loop, and rolling_restart, which is a deploy.
#include <csignal>

#include "base/units.hpp"
#include "chaos/faults/kill.hpp"
#include "chaos/faults/parse.hpp"
#include "chaos/faults/registry.hpp"

namespace tidegate::chaos {
namespace {

/// One kill after the other, each to its end: the restarted process is ready.
class SequenceFault final : public RunningFault {
 public:
  SequenceFault(std::vector<std::string> processes, KillParameters each, Nanoseconds pause, ProcessControl& control)
      : processes_(std::move(processes)), each_(each), pause_(pause), control_(control) {}

  Result<void> inject() override { return next(); }

  Result<bool> poll() override {
    if (current_) {
      auto ended = current_->poll();
      if (!ended) return ended;
      if (!*ended) return false;
      current_.reset();
      resume_at_ = monotonic_now() + pause_;
      return at_ == processes_.size();
    }
    if (monotonic_now() < resume_at_) return false;
    if (auto began = next(); !began) return began.error();
    return false;
  }

  Result<void> heal() override {
    at_ = processes_.size();
    return current_ ? current_->heal() : Result<void>();
  }
  std::uint64_t hits() const override { return hits_; }

 private:
  Result<void> next() {
    current_ = std::make_unique<KillFault>(each_, processes_.at(at_++), control_, system_clock());
    auto killed = current_->inject();
    if (killed) ++hits_;
    return killed;
  }

  std::vector<std::string> processes_;
  KillParameters each_;
  Nanoseconds pause_;
  ProcessControl& control_;
  std::unique_ptr<KillFault> current_;
  std::size_t at_ = 0;
  Nanoseconds resume_at_{0};
  std::uint64_t hits_ = 0;
};

constexpr Nanoseconds kDownTime = std::chrono::milliseconds(200);

std::int64_t times_of(const yaml::Node& parameters) {
  const auto* times = parameters.find("times");
  return times == nullptr ? 3 : schema::as_integer(*times);
}

}  // namespace

FaultKind crash_loop_fault() {
  FaultKind kind;
  kind.name = "crash_loop";
  kind.target = TargetKind::process;
  kind.summary = "The process is killed (-9) and restarted several times, each time soon after it was ready.";
  kind.hit = "a kill";
  kind.recovery = "by itself: the process is ready after the last one";
  kind.parameters =
      schema::object({schema::optional("times", schema::integer(2, 100), "how often; default 3"),
                      schema::optional("every", schema::duration(), "from ready to the next kill; default 1s"),
                      schema::optional("ready_within", schema::duration(), "each time; default 30s")},
                     kind.summary);
  kind.exclusive = true;
  kind.check = [](const yaml::Node&, Diagnostics&) {};
  kind.own_duration = [](const yaml::Node& parameters) -> std::optional<Nanoseconds> {
    return times_of(parameters) * (duration_or(parameters, "every", std::chrono::seconds(1)) + kDownTime);
  };
  kind.make_process_fault = [](const yaml::Node& parameters, const std::string& process,
                               ProcessControl& control) -> std::unique_ptr<RunningFault> {
    KillParameters each;
    each.restart_after = kDownTime;
    each.ready_within = duration_or(parameters, "ready_within", each.ready_within);
    return std::make_unique<SequenceFault>(
        std::vector<std::string>(static_cast<std::size_t>(times_of(parameters)), process), each,
        duration_or(parameters, "every", std::chrono::seconds(1)), control);
  };
  return kind;
}

FaultKind rolling_restart_fault() {
  FaultKind kind;
  kind.name = "rolling_restart";
  kind.target = TargetKind::process;
  kind.summary =
      "A deploy: the process, and others after it, are ended in order (SIGTERM) and started anew, one at a time.";
  kind.hit = "a process that was restarted";
  kind.recovery = "by itself: all are ready";
  kind.parameters = schema::object(
      {schema::optional("also", schema::list_of(schema::text()), "processes that follow, in order; default none"),
       schema::optional("pause", schema::duration(), "from ready to the next; default 1s"),
       schema::optional("ready_within", schema::duration(), "each; default 30s")},
      kind.summary);
  kind.exclusive = true;
  kind.check = [](const yaml::Node&, Diagnostics&) {};
  kind.other_processes = [](const yaml::Node& parameters) {
    const auto* also = parameters.find("also");
    return also == nullptr ? std::vector<yaml::Node>{} : also->items();
  };
  kind.own_duration = [](const yaml::Node& parameters) -> std::optional<Nanoseconds> {
    const auto* also = parameters.find("also");
    const auto count = static_cast<std::int64_t>(1 + (also == nullptr ? 0 : also->items().size()));
    return count * (duration_or(parameters, "pause", std::chrono::seconds(1)) + kDownTime);
  };
  kind.make_process_fault = [](const yaml::Node& parameters, const std::string& process,
                               ProcessControl& control) -> std::unique_ptr<RunningFault> {
    KillParameters each;
    each.restart_after = Nanoseconds{0};
    each.signal_number = SIGTERM;
    each.ready_within = duration_or(parameters, "ready_within", each.ready_within);
    std::vector<std::string> processes{process};
    if (const auto* also = parameters.find("also")) {
      for (const yaml::Node& name : also->items()) processes.push_back(name.text());
    }
    return std::make_unique<SequenceFault>(std::move(processes), each,
                                           duration_or(parameters, "pause", std::chrono::seconds(1)), control);
  };
  return kind;
}

}  // namespace tidegate::chaos
