#include "loadgen/plan.hpp"

#include <algorithm>
#include <mutex>

#include "base/assert.hpp"
#include "base/schema.hpp"
#include "base/units.hpp"
#include "loadgen/compile.hpp"
#include "loadgen/sections.hpp"

namespace tidegate::loadgen {
namespace {

/// The shapes, for callers that did not check them. Says nothing twice: a caller that did stops before it gets here.
bool shapes_hold(const PlanInput& input, Diagnostics& diagnostics) {
  bool hold = true;
  const auto check = [&](const yaml::Node* node, const schema::TypePointer& shape, const char* what) {
    if (node != nullptr) hold = schema::check(*node, *shape, what, diagnostics) && hold;
  };
  check(input.data, data_schema(), "'data'");
  check(input.setup, setup_schema(), "'setup'");
  check(input.teardown, teardown_schema(), "'teardown'");
  check(input.flows, flows_schema(), "'flows'");
  check(input.load, load_schema(), "'load'");
  check(input.generator, generator_schema(), "'generator'");
  return hold;
}

record::PlannedLoad planned_block(const CompiledPlan& plan, const Block& block) {
  record::PlannedLoad planned;
  planned.block = block.name;
  planned.executor = std::string(to_string(block.executor));
  planned.open_loop = block.open_loop();
  for (const FlowShare& share : block.flows) {
    const Flow& flow = plan.flows[share.flow];
    planned.flows.emplace_back(flow.name, share.share);
    planned.steps.emplace_back(flow.name, std::vector<std::string>{});
    for (const Step& step : flow.steps) {
      if (step.sends()) planned.steps.back().second.push_back(step.name);
      for (const Measure& measure : step.measures) planned.steps.back().second.push_back(measure.name);
    }
  }
  if (!block.open_loop() || block.executor == Executor::capacity_search) return planned;
  ArrivalSequence arrivals(block.curve, block.spacing, plan.seed, block.stream);
  while (const auto arrival = arrivals.next_of(plan.segment.index, plan.segment.count)) {
    const std::int32_t second = second_of(arrival->time);
    if (planned.rate.empty() || planned.rate.back().first != second) planned.rate.emplace_back(second, 0);
    planned.rate.back().second += 1;
    ++planned.planned_iterations;
  }
  return planned;
}

template <typename Wanted>
std::vector<std::string> names_of_steps(const CompiledPlan& plan, Wanted wanted) {
  std::vector<std::string> names;
  for (const Flow& flow : plan.flows) {
    for (const Step& step : flow.steps) {
      if (wanted(step) && std::find(names.begin(), names.end(), step.name) == names.end()) names.push_back(step.name);
    }
  }
  return names;
}

}  // namespace

Result<SegmentChoice> parse_segment(const std::string& text) {
  constexpr std::int64_t kMostSegments = 10'000;
  const std::size_t slash = text.find('/');
  const auto index = parse_integer(text.substr(0, slash));
  const auto count = slash == std::string::npos ? index : parse_integer(text.substr(slash + 1));
  if (slash == std::string::npos || !index || !count || *count < 1 || *count > kMostSegments || *index < 0 ||
      *index >= *count) {
    return usage_error("'" + text + "' is not a segment; write i/n with 0 <= i < n <= 10000, as in 0/4");
  }
  return SegmentChoice{static_cast<std::uint32_t>(*index), static_cast<std::uint32_t>(*count)};
}

std::unique_ptr<Plan> compile(const PlanInput& input, Diagnostics& diagnostics) {
  const std::size_t before = diagnostics.size();
  if (!shapes_hold(input, diagnostics)) return nullptr;
  CompileContext context{input, diagnostics, {}};
  TIDEGATE_ASSERT(input.segment.index < input.segment.count);
  context.plan.seed = input.seed;
  context.plan.segment = input.segment;
  declare_feeders(context);
  compile_setup(context);
  compile_teardown(context);
  compile_generated(context);
  compile_flows(context);
  compile_load(context);
  if (diagnostics.size() != before) return nullptr;
  note_readers(context);
  check_unique_rows(context);
  if (diagnostics.size() != before) return nullptr;
  return std::make_unique<Plan>(std::make_shared<const CompiledPlan>(std::move(context.plan)));
}

/// The drawn schedule, made when first asked for.
struct Plan::Drawn {
  std::once_flag once;
  std::vector<record::PlannedLoad> load;
};

Plan::Plan(std::shared_ptr<const CompiledPlan> compiled)
    : compiled_(std::move(compiled)), drawn_(std::make_shared<Drawn>()) {
  TIDEGATE_ASSERT(compiled_ != nullptr);
}

const std::vector<record::PlannedLoad>& Plan::planned() const {
  std::call_once(drawn_->once, [this] {
    for (const Block& block : compiled_->blocks) drawn_->load.push_back(planned_block(*compiled_, block));
  });
  return drawn_->load;
}

double Plan::mean_rate(std::int32_t from, std::int32_t to) const {
  TIDEGATE_ASSERT(from < to);
  double arrivals = 0;
  for (const Block& block : compiled_->blocks) {
    arrivals +=
        block.curve.arrivals_before(std::chrono::seconds(to)) - block.curve.arrivals_before(std::chrono::seconds(from));
  }
  return arrivals / (to - from) / compiled_->segment.count;
}

Nanoseconds Plan::duration() const {
  Nanoseconds end{0};
  for (const Block& block : compiled_->blocks) end = std::max(end, block.end);
  return end;
}

Nanoseconds Plan::timed_duration() const {
  Nanoseconds end{0};
  for (const Block& block : compiled_->blocks) {
    if (!block.ends_early()) end = std::max(end, block.end);
  }
  return end;
}

Nanoseconds Plan::assured_duration() const {
  Nanoseconds end{0};
  for (const Block& block : compiled_->blocks) end = std::max(end, block.ends_early() ? block.start : block.end);
  return end;
}

Nanoseconds Plan::longest_duration() const {
  Nanoseconds end{0};
  for (const Block& block : compiled_->blocks) end = std::max(end, block.end + block.graceful_stop);
  return end;
}

std::vector<PlannedSearch> Plan::searches() const {
  std::vector<PlannedSearch> searches;
  for (const Block& block : compiled_->blocks) {
    if (block.executor == Executor::capacity_search)
      searches.push_back({block.index, block.name, block.search, block.start, block.end});
  }
  return searches;
}

std::vector<std::string> Plan::step_names() const {
  return names_of_steps(*compiled_, [](const Step& step) { return step.kind == Step::Kind::request; });
}

std::vector<std::string> Plan::poll_names() const {
  std::vector<std::string> names =
      names_of_steps(*compiled_, [](const Step& step) { return step.kind == Step::Kind::poll; });
  for (const Flow& flow : compiled_->flows) {
    for (const Step& step : flow.steps) {
      for (const Measure& measure : step.measures) {
        if (std::find(names.begin(), names.end(), measure.name) == names.end()) names.push_back(measure.name);
      }
    }
  }
  return names;
}

std::map<std::string, std::string> Plan::measure_units() const {
  std::map<std::string, std::string> units;
  for (const Flow& flow : compiled_->flows) {
    for (const Step& step : flow.steps) {
      for (const Measure& measure : step.measures) {
        if (!measure.is_time) units.emplace(measure.name, measure.unit);
      }
    }
  }
  return units;
}

std::vector<std::string> Plan::flow_names() const {
  std::vector<std::string> names;
  for (const Flow& flow : compiled_->flows) names.push_back(flow.name);
  return names;
}

std::vector<std::string> Plan::block_names() const {
  std::vector<std::string> names;
  for (const Block& block : compiled_->blocks) names.push_back(block.name);
  return names;
}

std::uint64_t Plan::max_vus() const {
  std::uint64_t sum = 0;
  for (const Block& block : compiled_->blocks) sum += block.max_vus;
  return (sum + compiled_->segment.count - 1) / compiled_->segment.count;
}

bool Plan::has_setup() const {
  return !compiled_->setup.empty();
}

bool Plan::has_teardown() const {
  return !compiled_->teardown.empty();
}

bool Plan::has_operations() const {
  for (const Flow& flow : compiled_->flows) {
    for (const Step& step : flow.steps) {
      if (step.operation) return true;
    }
  }
  return false;
}

Nanoseconds Plan::tick() const {
  return compiled_->tick;
}

bool Plan::thread_affinity() const {
  return compiled_->thread_affinity;
}

bool Plan::has_closed_loop() const {
  return std::any_of(compiled_->blocks.begin(), compiled_->blocks.end(),
                     [](const Block& block) { return !block.open_loop(); });
}

}  // namespace tidegate::loadgen
