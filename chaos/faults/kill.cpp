#include "chaos/faults/kill.hpp"

#include "base/units.hpp"
#include "chaos/faults/registry.hpp"

namespace tidegate::chaos {

KillParameters parse_kill(const yaml::Node& parameters, Diagnostics& diagnostics) {
  KillParameters out;
  if (const auto* after = parameters.find("restart_after")) {
    const auto duration = parse_duration(after->text());
    if (duration) {
      out.restart_after = *duration;
    } else if (after->text() == "never") {
      out.restart_after.reset();
    } else {
      diagnostics.add(after->mark(), "restart_after: " + duration.error().message + "; or never",
                      nearest_spelling(after->text(), std::vector<std::string>{"never"}));
    }
  }
  if (const auto* signal = parameters.find("signal"); signal != nullptr && signal->text() == "TERM") {
    out.signal_number = SIGTERM;
  }
  if (const auto* within = parameters.find("ready_within")) out.ready_within = schema::as_duration(*within);
  return out;
}

KillFault::KillFault(KillParameters parameters, std::string process, ProcessControl& control, const Clock& clock)
    : parameters_(parameters), process_(std::move(process)), control_(control), clock_(clock) {}

Result<void> KillFault::inject() {
  auto killed = control_.kill(process_, parameters_.signal_number);
  if (!killed) return killed;
  killed_ = clock_.now();
  hits_ = 1;
  return {};
}

Result<bool> KillFault::poll() {
  if (!parameters_.restart_after) return false;
  const Nanoseconds now = clock_.now();
  if (!restarted_) {
    if (now < killed_ + *parameters_.restart_after) return false;
    if (auto restarted = restart(); !restarted) return restarted.error();
    return false;
  }
  // An instance that was ready before the restart is the killed one, whose end the supervisor has yet to notice.
  if (const auto ready = control_.ready_since(process_); ready && *ready >= *restarted_) return true;
  if (now - *restarted_ <= parameters_.ready_within) return false;
  return timeout_error("process '" + process_ + "' was restarted and not ready within " +
                       format_duration(parameters_.ready_within));
}

Result<void> KillFault::heal() {
  if (!parameters_.restart_after || restarted_ || hits_ == 0) return {};
  return restart();
}

Result<void> KillFault::restart() {
  restarted_ = clock_.now();
  return control_.restart(process_);
}

FaultKind kill_fault() {
  FaultKind kind;
  kind.name = "kill";
  kind.target = TargetKind::process;
  kind.summary = "The process gets a signal that ends it, and is started again after a while.";
  kind.hit = "the process was running and got the signal";
  kind.recovery = "by itself: the restarted process is ready";
  kind.parameters = schema::object(
      {schema::optional("restart_after", schema::text(), "a duration, or never; default 2s"),
       schema::optional("signal", schema::choice({"KILL", "TERM"}), "KILL or TERM; default KILL"),
       schema::optional("ready_within", schema::duration(),
                        "how long the restarted process may take to be ready before the fault counts as not healed; "
                        "default 30s")},
      kind.summary);
  kind.exclusive = true;
  kind.check = [](const yaml::Node& parameters, Diagnostics& diagnostics) { parse_kill(parameters, diagnostics); };
  kind.own_duration = [](const yaml::Node& parameters) {
    Diagnostics checked;
    return parse_kill(parameters, checked).restart_after;
  };
  kind.make_process_fault = [](const yaml::Node& parameters, const std::string& process,
                               ProcessControl& control) -> std::unique_ptr<RunningFault> {
    Diagnostics checked;
    return std::make_unique<KillFault>(parse_kill(parameters, checked), process, control, system_clock());
  };
  return kind;
}

}  // namespace tidegate::chaos
