#pragma once
// A compiled plan: everything about the load that is known before anything starts. Immutable; copies share it; safe to
// read from any thread.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/diagnostics.hpp"
#include "base/http/message.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "base/yaml.hpp"
#include "loadgen/capacity_search.hpp"
#include "record/run.hpp"

namespace tidegate::loadgen {

struct CompiledPlan;

/// One of several equal parts of a plan: the indices i with i mod count == index. Machines that play all parts between
/// them play the whole plan, with no one to coordinate them.
struct SegmentChoice {
  std::uint32_t index = 0, count = 1;
};
/// From "i/n", 0 <= i < n <= 10,000.
Result<SegmentChoice> parse_segment(const std::string& text);

/// The sections as the user wrote them, with the scenario's variables already put in. A null section is an absent one.
struct PlanInput {
  const yaml::Node* load = nullptr;
  const yaml::Node* generator = nullptr;
  const yaml::Node* flows = nullptr;
  const yaml::Node* data = nullptr;
  const yaml::Node* setup = nullptr;
  const yaml::Node* teardown = nullptr;
  std::vector<record::Window> phases;
  std::uint64_t seed = 0;
  std::string scenario_directory;  ///< relative data files are found from here; empty: the working directory
  /// The names that `${stack.NAME}` may use; nullopt leaves them unchecked until the engine starts.
  std::optional<std::vector<std::string>> stack_names;
  SegmentChoice segment;
};

/// A capacity search of the plan, for whoever steers it.
struct PlannedSearch {
  std::size_t block = 0;
  std::string name;
  CapacityPlan plan;
  Nanoseconds start{0}, end{0};  ///< of the block, on the run clock
};

/// What a block is expected to do when each request takes some assumed time.
struct BlockOutlook {
  std::uint64_t iterations = 0;  ///< of a closed loop without a number of its own, as many as fit; 0 for a search
  std::uint64_t requests = 0;    ///< polls taken to hold at once
  bool known = false;            ///< the iterations do not depend on the assumption
  std::uint32_t vus = 0;         ///< of a closed loop, at most
  double seconds = 0;            ///< from its start to its end
};

class Plan {
 public:
  explicit Plan(std::shared_ptr<const CompiledPlan> compiled);

  /// One entry per load block. For open-loop blocks `planned_iterations` and `rate` count the drawn schedule exactly;
  /// closed-loop blocks plan 0 iterations and no rate, since the system's speed decides. Drawn at the first call (0.1 s
  /// per million arrivals) and kept.
  const std::vector<record::PlannedLoad>& planned() const;
  /// Planned iterations per second over [from, to) seconds, from the rate curves alone: nothing is drawn.
  double mean_rate(std::int32_t from, std::int32_t to) const;
  /// From the start of load to the last block's end. Blocks that end with their work may end sooner.
  Nanoseconds duration() const;
  /// Until when load is planned whatever happens: the same without those blocks.
  Nanoseconds timed_duration() const;
  /// The same, and until when blocks that end with their work begin. Zero: all begin at once and end with their work.
  Nanoseconds assured_duration() const;
  /// When the last iteration in progress is interrupted.
  Nanoseconds longest_duration() const;
  /// Names of request steps, each once: values of the tag `name`.
  std::vector<std::string> step_names() const;
  /// Names of poll steps and of what steps measure, each once: metrics of their own.
  std::vector<std::string> poll_names() const;
  /// Of what steps measure, the units of those that are no times: count or bytes.
  std::map<std::string, std::string> measure_units() const;
  std::vector<std::string> flow_names() const;
  std::vector<std::string> block_names() const;
  /// The sum of the blocks' highest iteration rates, per second; 0 for closed-loop blocks.
  double peak_rate() const;
  /// One entry per load block, in the order of planned().
  std::vector<BlockOutlook> outlook(Nanoseconds assumed_latency) const;
  /// Virtual users that closed loops want at a time of the run clock.
  std::uint32_t wanted_vus(Nanoseconds time) const;
  /// Requests in progress at the peak by Little's law, when each request takes `assumed_latency`. A closed-loop block
  /// counts its VUs. Never more than max_vus.
  std::uint64_t peak_concurrency(Nanoseconds assumed_latency) const;
  /// VUs that may exist at once, over all blocks.
  std::uint64_t max_vus() const;
  bool has_setup() const;
  bool has_teardown() const;
  std::vector<PlannedSearch> searches() const;
  /// A step marks operations for the audit.
  bool has_operations() const;
  /// A block waits for answers before it sends more, so stalls delay arrivals.
  bool has_closed_loop() const;
  /// How often load loops look at arrivals and answers; 0: whenever there are any.
  Nanoseconds tick() const;
  /// Load loops keep to processors of their own.
  bool thread_affinity() const;

  const CompiledPlan& compiled() const { return *compiled_; }

 private:
  struct Drawn;
  std::shared_ptr<const CompiledPlan> compiled_;
  std::shared_ptr<Drawn> drawn_;
};

/// Compiles and checks the sections: every mistake becomes a diagnostic with its place and the nearest valid spelling.
/// Sections that do not have the shapes of loadgen/sections.hpp are reported and not looked into further. Null when
/// anything is wrong.
std::unique_ptr<Plan> compile(const PlanInput& input, Diagnostics& diagnostics);

/// Load on one URL, without a file (`tidegate load URL`). Block `load`, flow `url`, step `request`.
struct UrlLoad {
  std::string url;  ///< http:// or https://host:port/path; pass it as EngineOptions::base_url too
  std::string method = "GET";
  http::Headers headers;
  std::string body;
  std::optional<double> rate;        ///< per second, constant-arrival-rate, even arrivals
  std::optional<std::uint32_t> vus;  ///< constant-vus; exactly one of rate and vus
  std::uint32_t max_vus = 10'000;    ///< with `rate`
  Nanoseconds duration{0};
  Nanoseconds timeout = std::chrono::seconds(30);
  std::uint64_t seed = 0;
  SegmentChoice segment;
};
Result<Plan> make_url_plan(const UrlLoad& load);

}  // namespace tidegate::loadgen
