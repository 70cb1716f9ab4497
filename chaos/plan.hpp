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

/// `limits:` - the blast radius. A plan that goes beyond it is refused before anything starts.
struct BlastRadius {
  std::optional<std::uint64_t> faults_at_once;
  std::optional<double> links_at_once;      ///< share of the topology's links
  std::optional<double> processes_at_once;  ///< share of its processes
};

/// What the rest of the scenario and the topology say.
struct FaultContext {
  std::vector<record::Window> phases;  ///< in order; the last one's end is the end of the run
  std::vector<std::string> links;      ///< "FROM->TO"
  std::set<std::string> http_links;    ///< those of them whose messages are known
  std::vector<std::string> processes;
  std::vector<std::string> stores;
  /// End of the run for a scenario without phases; zero: unknown, so that no fault can lie beyond it.
  Nanoseconds end{0};
  std::uint64_t seed = 0;  ///< of jittered beginnings
  BlastRadius limits;
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
/// Whether any fault is a lease at the agent.
bool agent_needed(const std::vector<FaultSpec>& specs);

/// The shape of `limits:`.
schema::TypePointer limits_schema();
/// The node conforms to it.
BlastRadius parse_limits(const yaml::Node& node);

}  // namespace tidegate::chaos
