#include "gates/fault_judgement.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/json.hpp"
#include "gates/decision.hpp"
#include "gates/gate_kind.hpp"
#include "gates/kinds/recovery.hpp"
#include "gates/recovery_time.hpp"

namespace tidegate::gates {
namespace {

using record::FaultSpan;
using record::Outcome;

constexpr std::int32_t kHoldSeconds = 5;  // how long a gate's seconds must be good to count as recovered
constexpr std::int32_t kNoHorizon = std::numeric_limits<std::int32_t>::max();

std::int32_t floor_second(double seconds) {
  return static_cast<std::int32_t>(std::floor(seconds));
}

std::int32_t load_end(const record::RunInfo& run) {
  std::int32_t end = 0;
  for (const record::Window& phase : run.phases) end = std::max(end, phase.end);
  return end;
}

std::vector<const RecoveryGate*> recovery_gates(const GateSet& gates, const std::string& fault) {
  std::vector<const RecoveryGate*> found;
  for (const GateEntry& entry : gates.entries) {
    const RecoveryGate* recovery = entry.gate->as_recovery();
    if (recovery != nullptr && recovery->fault() == fault) found.push_back(recovery);
  }
  return found;
}

const FaultExpectation* expectation_of(const GateSet& gates, const std::string& fault) {
  for (const FaultExpectation& expectation : gates.expectations) {
    if (expectation.fault == fault) return &expectation;
  }
  return nullptr;
}

// The gates whose seconds tell whether a fault's effect is over: the one that its `expect` names, else all that look at
// single seconds.
std::vector<const Gate*> watching_gates(const GateSet& gates, const Gate* expected) {
  if (expected != nullptr) return {expected};
  std::vector<const Gate*> watching;
  for (const GateEntry& entry : gates.entries) {
    if (entry.gate->has_seconds()) watching.push_back(entry.gate.get());
  }
  return watching;
}

// None of them fails, and at least one is known to hold.
bool all_well(const Evidence& evidence, const std::vector<const Gate*>& watching, std::int32_t second) {
  bool any_holds = false;
  for (const Gate* gate : watching) {
    const SecondState state = gate->second(evidence, second);
    if (state == SecondState::fails) return false;
    any_holds = any_holds || state == SecondState::holds;
  }
  return any_holds;
}

std::optional<double> time_to_recover(const Evidence& evidence, const GateSet& gates, const FaultSpan& span,
                                      const Gate* expected) {
  if (!span.was_healed) return std::nullopt;
  const auto recoveries = recovery_gates(gates, span.fault);
  double slowest = 0;
  for (const RecoveryGate* gate : recoveries) {
    const auto seconds = gate->recovery(evidence, span, kNoHorizon).seconds;
    if (!seconds) return std::nullopt;
    slowest = std::max(slowest, *seconds);
  }
  if (!recoveries.empty()) return slowest;
  const auto watching = watching_gates(gates, expected);
  const auto from = static_cast<std::int32_t>(std::ceil(to_seconds(span.healed)));
  const auto at = first_held_second(from, std::max(from, evidence.data_end()), kHoldSeconds,
                                    [&](std::int32_t second) { return all_well(evidence, watching, second); });
  if (!at) return std::nullopt;
  return *at - to_seconds(span.healed);
}

/// Seconds from the injection to the end of the first failing second.
struct Detection {
  std::optional<double> seconds;
  Outcome outcome = Outcome::pass;
};

Detection detection(const Evidence& evidence, const FaultSpan& span, const Gate& gate, Nanoseconds within) {
  const double injected = to_seconds(span.injected);
  const double limit = injected + to_seconds(within);
  const std::int32_t last = load_end(evidence.run());
  Detection result;
  bool unknown = false;
  for (std::int32_t at = floor_second(injected); at < evidence.data_end() || at < last; ++at) {
    const SecondState state = gate.second(evidence, at);
    // Only seconds under load that end within the limit could still have told.
    if (state == SecondState::unknown && at < last && at + 1 <= limit) unknown = true;
    if (state != SecondState::fails) continue;
    result.seconds = at + 1 - injected;
    break;
  }
  const bool in_time = result.seconds && injected + *result.seconds <= limit;
  if (!in_time) result.outcome = unknown ? Outcome::inconclusive : Outcome::fail;
  return result;
}

class FaultJudge {
 public:
  FaultJudge(const Evidence& evidence, const GateSet& gates, bool complete)
      : evidence_(evidence), gates_(gates), complete_(complete) {}

  FaultJudgement judge(const FaultSpan& span) const {
    FaultJudgement judgement;
    record::FaultResult& result = judgement.result;
    result.name = span.fault;
    result.kind = span.kind;
    result.target = span.target;
    result.injected_s = to_seconds(span.injected);
    if (span.was_healed) result.healed_s = to_seconds(span.healed);
    result.hits = span.hits;
    judgement.known_at = result.healed_s.value_or(std::max<double>(evidence_.data_end(), result.injected_s));
    const FaultExpectation* expectation = expectation_of(gates_, span.fault);
    const GateEntry* entry = expectation != nullptr ? gates_.find(expectation->gate) : nullptr;
    const Gate* gate = entry != nullptr ? entry->gate.get() : nullptr;
    result.time_to_recover_s = time_to_recover(evidence_, gates_, span, gate);
    if (gate != nullptr) detect(span, *gate, *expectation, judgement);
    check_injection(span, judgement);
    return judgement;
  }

  FaultJudgement absent(const std::string& fault) const {
    FaultJudgement judgement;
    judgement.result.name = fault;
    judgement.result.outcome = complete_ ? Outcome::error : Outcome::inconclusive;
    judgement.result.reason = "was never injected";
    judgement.known_at = std::max(load_end(evidence_.run()), evidence_.data_end());
    for (const FaultSpan& span : record::fault_spans(evidence_.events())) {
      if (span.fault != fault || span.failure.empty()) continue;
      judgement.result.outcome = Outcome::error;
      judgement.result.reason = "could not be injected: " + span.failure;
      judgement.known_at = to_seconds(span.injected);
    }
    return judgement;
  }

 private:
  void detect(const FaultSpan& span, const Gate& gate, const FaultExpectation& expectation,
              FaultJudgement& judgement) const {
    const Detection found = detection(evidence_, span, gate, expectation.within);
    record::FaultResult& result = judgement.result;
    result.time_to_detect_s = found.seconds;
    result.outcome = found.outcome;
    if (found.outcome == Outcome::pass) return;
    const std::string within = format_quantity(to_seconds(expectation.within), Dimension::time);
    result.reason = found.seconds ? fmt::format("{} noticed it only after {}, limit {}", expectation.gate,
                                                format_quantity(*found.seconds, Dimension::time), within)
                                  : fmt::format("{} did not notice it within {}", expectation.gate, within);
    if (found.outcome == Outcome::inconclusive) result.reason += "; some of those seconds had no samples";
    judgement.known_at = std::max(judgement.known_at, to_seconds(span.injected + expectation.within));
  }
  // A fault that did not work says more than what was or was not noticed.
  void check_injection(const FaultSpan& span, FaultJudgement& judgement) const {
    record::FaultResult& result = judgement.result;
    const auto error = [&](std::string reason) {
      result.outcome = Outcome::error;
      result.reason = std::move(reason);
      judgement.known_at = result.healed_s.value_or(std::max<double>(evidence_.data_end(), result.injected_s));
    };
    if (!span.failure.empty()) {
      error(span.was_healed ? span.failure : "broke off: " + span.failure);
    } else if (!span.was_healed && complete_) {
      error("was not healed");
    } else if (!span.was_healed) {
      result.outcome = Outcome::inconclusive;
      result.reason = "the run ended before its heal";
    } else if (span.hits == 0) {
      error("hit nothing");
    }
  }

  const Evidence& evidence_;
  const GateSet& gates_;
  bool complete_;
};

}  // namespace

std::vector<Steady> steady_times(const Evidence& evidence, const GateSet& gates) {
  std::vector<Steady> result;
  for (const FaultSpan& span : evidence.spans()) {
    const double healed = to_seconds(span.healed);
    Steady steady{healed, healed};
    for (const RecoveryGate* gate : recovery_gates(gates, span.fault)) {
      steady.given_up_at = std::max(steady.given_up_at, healed + to_seconds(gate->within()));
      const Recovery recovery = gate->recovery(evidence, span, kNoHorizon);
      if (recovery.outcome != Outcome::pass) {
        steady.at.reset();
      } else if (steady.at) {
        steady.at = std::max(*steady.at, healed + *recovery.seconds);
      }
    }
    if (!span.was_healed) steady.at.reset();
    result.push_back(steady);
  }
  return result;
}

std::vector<FaultJudgement> judge_faults(const Evidence& evidence, const GateSet& gates, bool complete) {
  const FaultJudge judge(evidence, gates, complete);
  std::vector<FaultJudgement> result;
  for (const FaultSpan& span : evidence.spans()) result.push_back(judge.judge(span));
  for (const std::string& fault : gates.faults) {
    const bool injected = std::any_of(evidence.spans().begin(), evidence.spans().end(),
                                      [&](const FaultSpan& span) { return span.fault == fault; });
    if (!injected) result.push_back(judge.absent(fault));
  }
  return result;
}

}  // namespace tidegate::gates
