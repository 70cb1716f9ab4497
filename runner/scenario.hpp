#pragma once
// A scenario file, read, composed (extends, variant, variables) and checked: every mistake in one pass. What the load,
// fault and gate sections mean is their folders' business; here names are resolved across them.
// Language: docs/scenario-language.md.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/sections.hpp"
#include "base/diagnostics.hpp"
#include "base/schema.hpp"
#include "base/yaml.hpp"
#include "chaos/plan.hpp"
#include "gates/gate.hpp"
#include "loadgen/plan.hpp"
#include "loadgen/transport_options.hpp"
#include "record/run.hpp"
#include "runner/outputs/outputs.hpp"
#include "stack/topology.hpp"

namespace tidegate::runner {

/// Where the stack's webhooks go: faults may name it where the scenario asks for a webhook sink.
inline constexpr std::string_view kWebhookLink = "stack->webhooks";

/// What the command line adds to the file.
struct ScenarioOptions {
  std::string path;
  std::string text;               ///< the file's content, when it is not to be read; paths in it are the path's
  std::string variant;            ///< empty: the first one
  std::vector<std::string> sets;  ///< KEY=VALUE, overrides variables
  std::optional<std::uint64_t> seed;
  std::string stack;    ///< embedded, native, or a topology file; empty: the file's own
  std::string segment;  ///< i/n: plays the i-th (from 0) of n equal parts of the load; empty: all of it
};

/// The stack section: a topology, or the addresses of a system that runs already.
struct StackSection {
  std::string topology_path;  ///< empty: external
  std::string profile = "modern";
  std::map<std::string, std::string> switches;
  std::string base_url;         ///< external system
  std::string kafka_bootstrap;  ///< external system, may be empty
  loadgen::TransportOptions transport;
};

struct Scenario {
  std::string path, directory;
  std::string name, title, description, variant;
  std::uint64_t seed = 0;
  loadgen::SegmentChoice segment;
  yaml::Node root;       ///< variables and environment resolved
  std::string recorded;  ///< as YAML for run.json: `${env…}` unresolved
  std::vector<std::string> overrides;
  StackSection stack;
  stack::Topology topology;  ///< empty for an external system
  std::vector<record::Window> phases;
  std::unique_ptr<loadgen::Plan> load;  ///< always there in a scenario that load_scenario returned
  std::vector<chaos::FaultSpec> faults;
  gates::GateSet gates;
  audit::AuditSection audit;
  OutputOptions outputs;
  Nanoseconds drain_limit = std::chrono::seconds(60);
  std::vector<record::PhaseScale> scale;  ///< against the variant `full`, per phase; empty when it is that variant

  std::vector<std::string> group_names() const;
  /// End of the last phase, seconds on the run clock.
  std::int32_t end() const { return phases.empty() ? 0 : phases.back().end; }
};

/// The error holds every mistake, one a line.
Result<Scenario> load_scenario(const ScenarioOptions& options);
/// The scenario that a run directory holds, with its overrides and its seed; of `given` the stack and the segment.
Result<Scenario> replayed_scenario(const std::string& run_directory, const ScenarioOptions& given);

/// The shape of the whole file, joined from the sections' own: what `tidegate schema` prints.
schema::TypePointer scenario_schema();

}  // namespace tidegate::runner
