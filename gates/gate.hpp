#pragma once
// The gates of a scenario, read and checked. Judging them is gates/judge.hpp. Reference for users: docs/gates.md.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/diagnostics.hpp"
#include "base/time.hpp"
#include "base/yaml.hpp"
#include "gates/window.hpp"
#include "record/run.hpp"

namespace tidegate::gates {

class Gate;

/// A fault's `expect: {gate: NAME, within: DURATION}`: the gate that must notice it.
struct FaultExpectation {
  std::string fault;
  std::string gate;
  Nanoseconds within{0};
  Mark mark;  ///< of the gate's name
};

/// What the rest of the scenario says, against which gates are read. Lists that are empty by default are optional:
/// what they would name is then not checked.
struct GateContext {
  std::vector<record::Window> phases;
  std::vector<std::string> faults;
  std::vector<std::string> groups;
  std::vector<std::string> processes;                ///< of the stack: whose endpoints probe gates may name
  std::vector<record::PlannedLoad> load;             ///< `rate` holds one entry per second
  std::vector<std::string> poll_metrics;             ///< of polls, and of the steps' own `measure:`
  std::map<std::string, std::string> measure_units;  ///< of those of the latter that are no times: count or bytes
  std::vector<std::string> checkers;                 ///< of the audit
  std::vector<FaultExpectation> expectations;        ///< each names a gate
  std::vector<record::Window> planned_faults;        ///< when faults are planned, named after them
  std::optional<Nanoseconds> drain_within;           ///< how long the drain may take
};

/// What run.json's `extra` keeps of the metrics that a scenario names itself, so that the run can be judged again.
void keep_own_metrics(const GateContext& context, json::object& extra);
void read_own_metrics(const json::object& extra, GateContext& context);

/// Limits on the generator's and the probes' own health. A PASS is withheld beyond them.
struct ValidityLimits {
  double late_or_unsent = 0.01;  ///< share of the drawn schedule that was late by over 5 ms, dropped or not sent
  double generator_cpu = 0.9;    ///< of a core, in an open-loop run
  double run_queue_wait = 0.05;  ///< share of the time that a load loop waited for a core
  Nanoseconds probe_silence = std::chrono::seconds(2);  ///< judged time without a sample, per probe
};

/// One gate as written.
struct GateEntry {
  std::string name;
  Mark mark;
  std::string kind;
  std::vector<WindowReference> windows;  ///< one judgement each; at least one
  std::shared_ptr<const Gate> gate;
  std::optional<Nanoseconds> abort_grace;  ///< `abort_on`: the run ends early when it is broken, after this time
};

/// A value type; copies share the immutable gates.
struct GateSet {
  std::vector<GateEntry> entries;
  ValidityLimits limits;
  std::vector<std::string> faults;  ///< that the scenario plans: each must have been injected
  std::vector<FaultExpectation> expectations;
  const GateEntry* find(std::string_view name) const;
};

/// Reads both sections; `validity` may be null. Every mistake goes to `diagnostics` with its position and the nearest
/// valid spelling; the set then holds the gates that could be read. A mistake of shape (unknown key, wrong kind of
/// node) that `schema::check` already reported is not repeated.
GateSet parse_gates(const yaml::Node& gates, const yaml::Node* validity, const GateContext& context,
                    Diagnostics& diagnostics);

/// The `expect` of every fault of a scenario's `faults` section. Mistakes of shape are the fault section's own
/// business.
std::vector<FaultExpectation> fault_expectations(const yaml::Node& faults);

/// One judgement to come: what `tidegate plan` prints.
struct PlannedGate {
  std::string name;
  std::string kind;
  std::string window;                    ///< "", a phase, or "during:bank_slow"
  std::string text;                      ///< what must hold, in one line
  std::optional<std::uint64_t> samples;  ///< planned; none when the plan does not tell
  std::uint64_t needed = 0;              ///< the fewest with which it can PASS; 0: needs none
};
std::vector<PlannedGate> plan_gates(const GateSet& gates, const GateContext& context);

/// For `tidegate list` and the reference: the gate kinds that this build knows.
struct GateKindInfo {
  std::string name, doc;
};
std::vector<GateKindInfo> gate_kind_list();

}  // namespace tidegate::gates
