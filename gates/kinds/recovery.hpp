#pragma once
// recovery: {of: lag(ledger).age, to: < 2s, within: 15s, after: bank_slow, hold: 5s}
//
// The time from the heal of a fault until a signal stays inside its limit for the hold time.

#include <optional>
#include <string>
#include <variant>

#include "gates/gate_kind.hpp"
#include "gates/lag_signal.hpp"

namespace tidegate::gates {

/// What is watched second by second: a group's lag, or an aggregate of each second.
using RecoverySignal = std::variant<LagSignal, Measure>;

struct RecoveryTerms {
  RecoverySignal signal;
  std::string of;  ///< as written
  Limit to;
  Nanoseconds within{0};
  Nanoseconds hold = std::chrono::seconds(5);
  std::string after;
};

/// The first whole second after `from` from which every second of the hold time is in the state asked for.
struct Recovery {
  std::optional<double> seconds;  ///< from the heal; by what is known to hold
  record::Outcome outcome = record::Outcome::inconclusive;
  std::uint64_t examined = 0;  ///< seconds with a known state
};

class RecoveryGate final : public Gate {
 public:
  explicit RecoveryGate(RecoveryTerms terms) : terms_(std::move(terms)) {}

  record::GateResult judge(const Evidence& evidence, const Scope& scope) const override;
  SampleNeed need() const override;
  bool has_seconds() const override { return true; }
  SecondState second(const Evidence& evidence, std::int32_t at) const override;
  std::string_view probe() const override;
  const RecoveryGate* as_recovery() const override { return this; }

  const std::string& fault() const { return terms_.after; }
  Nanoseconds within() const { return terms_.within; }
  Recovery recovery(const Evidence& evidence, const record::FaultSpan& span, std::int32_t horizon) const;

 private:
  RecoveryTerms terms_;
};

}  // namespace tidegate::gates
