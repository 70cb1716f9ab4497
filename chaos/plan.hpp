#pragma once
// The `faults:` section as a plan: every fault with its target, its parameters and its times on the run clock.

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/diagnostics.hpp"
#include "base/time.hpp"
#include "base/yaml.hpp"
#include "chaos/fault.hpp"
#include "chaos/match.hpp"
#include "record/run.hpp"

namespace tidegate::chaos {

/// What the rest of the scenario and the topology say.
struct FaultContext {
  std::vector<record::Window> phases;  ///< in order; the last one's end is the end of the run
  std::vector<std::string> links;      ///< "FROM->TO"
  std::vector<std::string> processes;
  std::vector<std::string> stores;
  /// End of the run for a scenario without phases; zero: unknown, so that no fault can lie beyond it.
  Nanoseconds end{0};
  /// The caller has checked the section against faults_schema() and reported what departs; such a fault is skipped
  /// here.
  bool shape_checked = false;
};

/// `expect:` as written; gates/ gives it meaning.
struct Expectation {
  std::string gate;
  Nanoseconds within{0};
  Mark mark;  ///< of the gate's name
};

struct FaultSpec {
  std::string name;
  Mark mark;  ///< of the name
  std::string kind;
  TargetKind target_kind = TargetKind::link;
  std::string target;
  yaml::Node parameters;  ///< conforms to the kind's schema
  Match match;
  /// Planned, on the run clock. After another fault the injection follows that one's real end, and the heal with it.
  Nanoseconds inject_at{0};
  std::optional<Nanoseconds> heal_at;  ///< none: never (kill with restart_after: never)
  std::string after;                   ///< name of the other fault; empty: `inject_at` is firm
  Nanoseconds after_offset{0};
  std::optional<Expectation> expect;

  const FaultKind& fault_kind() const;
};

/// Every mistake goes to `diagnostics`; the plan is good only when none came. In the order of the file. An absent
/// section (null node) is an empty plan.
std::vector<FaultSpec> parse_faults(const yaml::Node& faults, const FaultContext& context, Diagnostics& diagnostics);

/// The links that need a proxy.
std::set<std::string> links_needed(const std::vector<FaultSpec>& specs);

}  // namespace tidegate::chaos
