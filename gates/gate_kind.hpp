#pragma once
// The seam at which kinds of gates are added: one file each in gates/kinds, registered in gates/kinds/registry.cpp.

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/schema.hpp"
#include "gates/abort_watch.hpp"
#include "gates/decision.hpp"
#include "gates/evidence.hpp"
#include "gates/gate_reader.hpp"
#include "gates/reading.hpp"
#include "record/verdict.hpp"

namespace tidegate::gates {

class CompareGate;
class RecoveryGate;
struct SignalSpec;

/// What a judgement looks at. Data at or after the horizon are treated as unknown: judging with a horizon tells whether
/// a gate had failed by then.
struct Scope {
  SecondSet seconds;
  std::int32_t horizon = std::numeric_limits<std::int32_t>::max();
  std::string during{};  ///< the window as written
};

/// Which samples a gate will be judged on.
struct SampleNeed {
  std::string text;    ///< what must hold, in one line
  std::string metric;  ///< empty: not judged on samples of the load
  Selector selector;
  std::uint64_t needed = 0;  ///< fewest for a PASS
};

/// Immutable; judging is a pure function of the evidence.
class Gate {
 public:
  virtual ~Gate() = default;
  /// Outcome, value, limit, unit, interval, samples and reason; name, kind and window are filled in by the caller.
  virtual record::GateResult judge(const Evidence& evidence, const Scope& scope) const = 0;
  virtual SampleNeed need() const = 0;
  /// Whether single seconds can fail it, so that a fault's `expect` can name it.
  virtual bool has_seconds() const { return false; }
  virtual SecondState second(const Evidence& /*evidence*/, std::int32_t /*second*/) const {
    return SecondState::unknown;
  }
  /// The probe without which it knows nothing: "lag"; empty for none.
  virtual std::string_view probe() const { return {}; }
  /// The audit's checkers that it answers for.
  virtual std::span<const std::string> checkers() const { return {}; }
  /// What `abort_on` watches; a counter of null where there is nothing to count.
  virtual AbortTerms abort_terms() const { return {}; }
  virtual std::optional<double> confidence() const { return kDefaultConfidence; }
  /// What the signal probe reads for it; null for nothing.
  virtual const SignalSpec* signal() const { return nullptr; }
  virtual const CompareGate* as_compare() const { return nullptr; }
  virtual const RecoveryGate* as_recovery() const { return nullptr; }
};

struct GateKind {
  std::string_view name;  ///< the key that users write
  std::string_view doc;
  bool takes_windows;  ///< `during:` applies
  schema::TypePointer (*shape)();
  /// Null when the reader reported mistakes.
  std::shared_ptr<const Gate> (*read)(const yaml::Node& body, GateReader& reader);
};
std::span<const GateKind> gate_kinds();
const GateKind* find_gate_kind(std::string_view name);

}  // namespace tidegate::gates
