#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/random.hpp"
#include "base/schema.hpp"
#include "base/units.hpp"
#include "loadgen/compile.hpp"

namespace tidegate::loadgen {
namespace {

constexpr double kHighestRate = 1e6;  // per second and block; beyond it is a typing mistake

Nanoseconds end_of_phases(const std::vector<record::Window>& phases) {
  std::int32_t end = 0;
  for (const record::Window& phase : phases) end = std::max(end, phase.end);
  return std::chrono::seconds(end);
}

class BlockCompiler {
 public:
  BlockCompiler(const yaml::Node& name, const yaml::Node& node, CompileContext& context)
      : node_(node), mark_(name.mark()), context_(context), diagnostics_(context.diagnostics) {
    block_.name = name.text();
    block_.index = static_cast<std::uint32_t>(context.plan.blocks.size());
    block_.stream = substream(stable_hash("block"), stable_hash(block_.name));
  }

  Block compile() {
    const std::string& executor = node_.find("executor")->text();
    block_.start = duration_at(node_, "start_after", Nanoseconds{0});
    compile_flow_shares();
    if (executor == "constant-vus") {
      compile_constant_vus();
    } else if (executor == "constant-arrival-rate") {
      compile_constant_rate();
    } else {
      compile_ramp();
    }
    return std::move(block_);
  }

 private:
  void compile_constant_vus() {
    block_.executor = Executor::constant_vus;
    refuse({"arrivals", "rate", "start_rate", "stages", "max_vus"});
    block_.end = block_.start + duration();
    if (const yaml::Node* vus = need("vus")) block_.vus = static_cast<std::uint32_t>(schema::as_integer(*vus));
    block_.max_vus = block_.vus;
  }

  void compile_constant_rate() {
    block_.executor = Executor::constant_arrival_rate;
    refuse({"start_rate", "stages", "vus"});
    compile_arrivals();
    const yaml::Node* rate = need("rate");
    if (rate == nullptr) return;
    block_.curve = RateCurve(block_.start);
    const double per_second = bounded_rate(*rate);
    if (per_second <= 0) diagnostics_.add(rate->mark(), "the rate must be above 0");
    block_.curve.append(duration(), per_second, per_second);
    block_.end = block_.curve.end();
  }

  void compile_ramp() {
    block_.executor = Executor::ramping_arrival_rate;
    refuse({"rate", "duration", "vus"});
    compile_arrivals();
    const yaml::Node* stages = need("stages");
    if (stages == nullptr) return;
    const yaml::Node* start_rate = node_.find("start_rate");
    double rate = start_rate == nullptr ? 0 : bounded_rate(*start_rate);
    std::optional<RateCurve> curve;
    const std::size_t mistakes = diagnostics_.size();
    for (const yaml::Node& stage : stages->items()) append_stage(stage, curve, rate);
    if (!curve || curve->total() <= 0) {
      if (diagnostics_.size() == mistakes) {
        diagnostics_.add(stages->mark(), fmt::format("load block '{}' plans no arrival", block_.name));
      }
      return;
    }
    block_.curve = *std::move(curve);
    block_.start = block_.curve.start();
    block_.end = block_.curve.end();
  }

  void append_stage(const yaml::Node& stage, std::optional<RateCurve>& curve, double& rate) {
    const double to = bounded_rate(*stage.find("to"));
    const yaml::Node* phase = stage.find("phase");
    const yaml::Node* over = stage.find("over");
    if ((phase == nullptr) == (over == nullptr)) {
      diagnostics_.add(stage.mark(), "a stage needs either 'phase' or 'over'");
    } else if (over != nullptr) {
      if (!curve) curve.emplace(block_.start);
      curve->append(schema::as_duration(*over), rate, to);
    } else if (const record::Window* window = find_phase(*phase)) {
      const Nanoseconds start = std::chrono::seconds(window->start);
      if (!curve) {
        refuse({"start_after"});  // the phase says when
        curve.emplace(start);
      }
      if (curve->end() != start) {
        diagnostics_.add(phase->mark(), fmt::format("phase '{}' starts at {} s, but this stage would start at {} s",
                                                    window->name, window->start, to_seconds(curve->end())));
      }
      curve->append(std::chrono::seconds(window->end - window->start), rate, to);
    }
    rate = to;
  }

  const record::Window* find_phase(const yaml::Node& name) {
    std::vector<std::string> known;
    for (const record::Window& phase : context_.input.phases) {
      if (phase.name == name.text()) return &phase;
      known.push_back(phase.name);
    }
    diagnostics_.add(name.mark(), "unknown phase '" + name.text() + "'", nearest_spelling(name.text(), known));
    return nullptr;
  }

  Nanoseconds duration() {
    const yaml::Node* node = node_.find("duration");
    const Nanoseconds length =
        node != nullptr ? schema::as_duration(*node) : end_of_phases(context_.input.phases) - block_.start;
    if (length.count() > 0) return length;
    diagnostics_.add(node != nullptr ? node->mark() : mark_,
                     fmt::format("load block '{}' lasts no time; give it a duration", block_.name));
    return std::chrono::seconds(1);
  }

  double bounded_rate(const yaml::Node& node) {
    const double rate = schema::as_rate(node);
    if (rate <= kHighestRate) return rate;
    diagnostics_.add(node.mark(), fmt::format("{} is over the highest rate of a load block, {}", format_rate(rate),
                                              format_rate(kHighestRate)));
    return kHighestRate;
  }

  void compile_arrivals() {
    const yaml::Node* arrivals = node_.find("arrivals");
    block_.spacing = arrivals != nullptr && arrivals->text() == "poisson" ? Spacing::poisson : Spacing::even;
    const yaml::Node* most = node_.find("max_vus");
    block_.max_vus = most != nullptr ? static_cast<std::uint32_t>(schema::as_integer(*most)) : 10'000;
  }

  void compile_flow_shares() {
    const std::vector<Flow>& flows = context_.plan.flows;
    const yaml::Node* weights = node_.find("flows");
    if (weights == nullptr) {
      if (flows.size() == 1) {
        block_.flows.push_back({0, 1, 1});
      } else {
        diagnostics_.add(mark_, fmt::format("load block '{}' must say which flows it plays", block_.name));
      }
      return;
    }
    std::vector<std::string> known;
    for (const Flow& flow : flows) known.push_back(flow.name);
    double sum = 0;
    for (const auto& [name, weight] : weights->entries()) {
      sum += schema::as_number(weight);
      const auto found = std::find(known.begin(), known.end(), name.text());
      if (found == known.end()) {
        diagnostics_.add(name.mark(), "unknown flow '" + name.text() + "'", nearest_spelling(name.text(), known));
      } else if (schema::as_number(weight) > 0) {
        block_.flows.push_back(
            {static_cast<std::uint32_t>(found - known.begin()), schema::as_number(weight) / 100, sum / 100});
      }
    }
    if (std::abs(sum - 100) > 1e-9) {
      diagnostics_.add(weights->mark(),
                       fmt::format("the weights of load block '{}' sum to {:g}, not to 100", block_.name, sum));
    }
    if (!block_.flows.empty()) block_.flows.back().up_to = 1;
  }

  void refuse(std::initializer_list<const char*> keys) {
    for (const char* key : keys) {
      if (const yaml::Node* value = node_.find(key)) {
        diagnostics_.add(value->mark(),
                         fmt::format("'{}' does not go with the executor {}", key, to_string(block_.executor)));
      }
    }
  }

  const yaml::Node* need(const char* key) {
    const yaml::Node* value = node_.find(key);
    if (value == nullptr) {
      diagnostics_.add(mark_, fmt::format("load block '{}' needs '{}' for the executor {}", block_.name, key,
                                          to_string(block_.executor)));
    }
    return value;
  }

  const yaml::Node& node_;
  Mark mark_;
  CompileContext& context_;
  Diagnostics& diagnostics_;
  Block block_;
};

}  // namespace

void compile_load(CompileContext& context) {
  if (context.input.load == nullptr) return;
  for (const auto& [name, node] : context.input.load->entries()) {
    context.plan.blocks.push_back(BlockCompiler(name, node, context).compile());
  }
}

}  // namespace tidegate::loadgen
