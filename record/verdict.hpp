#pragma once
// What judging says, and verdict.json (schema tidegate.verdict/1; additive changes only).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"

namespace tidegate::record {

enum class Outcome { pass, warn, fail, inconclusive, error, not_asked };
std::string_view to_string(Outcome outcome);  ///< PASS, WARN, FAIL, INCONCLUSIVE, ERROR, NOT ASKED
std::optional<Outcome> outcome_from(std::string_view text);

namespace exit_code {
inline constexpr int pass = 0, error = 97, inconclusive = 98, fail = 99, usage = 104, interrupted = 105;
}

struct GateResult {
  std::string name;
  std::string kind;    ///< expect, lag, budget, recovery, audit, compare
  std::string during;  ///< the window's name; empty: all judged time
  Outcome outcome = Outcome::inconclusive;
  std::optional<double> value;  ///< in `unit`; durations in seconds, shares as fractions
  std::optional<double> limit;
  std::string comparison;  ///< "<", "<=", ">", ">="
  std::string unit;        ///< s, share, 1/s, records, count, or empty
  std::optional<std::pair<double, double>> interval;
  double confidence = 0.95;
  std::uint64_t samples = 0;
  std::string reason;  ///< one line that explains the outcome
};

struct Validity {
  Outcome outcome = Outcome::pass;  ///< pass or inconclusive
  double offered_per_s = 0;
  double achieved_per_s = 0;  ///< completed iterations
  double lateness_p99_s = 0;
  double tick_s = 0;  ///< how often load loops looked at arrivals and answers; 0: whenever there were any
  std::uint64_t dropped_iterations = 0;
  double generator_cpu = 0;
  double run_queue_wait = 0;
  double machine_busy = 0;    ///< share of all cores' time
  double machine_stolen = 0;  ///< share of all cores' time that the hypervisor gave to others
  std::vector<std::string> reasons;
};

struct FaultResult {
  std::string name, kind, target;
  double injected_s = 0;
  std::optional<double> healed_s;
  std::uint64_t hits = 0;
  std::optional<double> time_to_detect_s;
  std::optional<double> time_to_recover_s;
  Outcome outcome = Outcome::pass;  ///< error when it hit nothing or could not be healed
  std::string reason;
};

struct AuditFinding {
  std::string checker;
  std::string outcome;  ///< "true", "false", "unknown"
  std::uint64_t checked = 0;
  std::string reason;
  json::array counterexamples;
};

struct LagSummary {
  std::string group, topic;
  double max_age_s = 0, p99_age_s = 0;
  std::uint64_t max_records = 0;
};

/// What a capacity search of the run found; rates per second.
struct CapacityFinding {
  std::string block;             ///< the load block that searched
  double holds = 0;              ///< highest rate at which its gates held; 0: none did
  std::optional<double> breaks;  ///< lowest rate at which they did not, when one was found
  bool confirmed = false;        ///< `holds` was played once more, for longer
  bool generator_limit = false;  ///< above `holds` the generator was the limit: nothing broke, it could not be decided
};

/// From the fields of an event `capacity_found`.
CapacityFinding capacity_finding(const json::object& fields);

struct PhaseScale {
  std::string phase;
  double rate = 1, time = 1;  ///< of the full variant's
};

struct Verdict {
  std::string scenario, title, variant;
  std::uint64_t seed = 0;
  std::vector<PhaseScale> scale;
  bool judged = true;  ///< false: no gates, "NOT JUDGED", exit 0
  bool interrupted = false;
  bool cut_short = false;
  Outcome outcome = Outcome::inconclusive;
  int exit_code = exit_code::inconclusive;
  std::vector<std::string> reasons;
  Validity validity;
  std::vector<GateResult> gates;
  std::vector<FaultResult> faults;
  std::vector<AuditFinding> audit;
  std::vector<LagSummary> lag;
  std::vector<CapacityFinding> capacity;
};

json::value to_json(const Verdict& verdict);
Result<Verdict> verdict_from_json(const json::value& value);
std::string verdict_word(const Verdict& verdict);  ///< PASS … or NOT JUDGED

}  // namespace tidegate::record
