#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/assert.hpp"
#include "base/schema.hpp"
#include "base/units.hpp"
#include "loadgen/block_reader.hpp"

namespace tidegate::loadgen {
namespace {

void take_only_flow(BlockReader& reader) {
  if (reader.context().plan.flows.size() == 1) {
    reader.block.flows.push_back({0, 1, 1});
  } else {
    reader.complain(reader.mark(), fmt::format("load block '{}' must say which flows it plays", reader.block.name));
  }
}

void compile_flow_shares(BlockReader& reader) {
  const yaml::Node* weights = reader.find("flows");
  if (weights == nullptr) return take_only_flow(reader);
  Block& block = reader.block;
  Diagnostics& diagnostics = reader.context().diagnostics;
  std::vector<std::string> known;
  for (const Flow& flow : reader.context().plan.flows) known.push_back(flow.name);
  double sum = 0;
  for (const auto& [name, weight] : weights->entries()) {
    sum += schema::as_number(weight);
    const auto found = std::find(known.begin(), known.end(), name.text());
    if (found == known.end()) {
      diagnostics.add(name.mark(), "unknown flow '" + name.text() + "'", nearest_spelling(name.text(), known));
    } else if (schema::as_number(weight) > 0) {
      block.flows.push_back(
          {static_cast<std::uint32_t>(found - known.begin()), schema::as_number(weight) / 100, sum / 100});
    }
  }
  if (std::abs(sum - 100) > 1e-9) {
    diagnostics.add(weights->mark(),
                    fmt::format("the weights of load block '{}' sum to {:g}, not to 100", block.name, sum));
  }
  if (!block.flows.empty()) block.flows.back().up_to = 1;
}

void compile_connections(BlockReader& reader) {
  Block& block = reader.block;
  if (const yaml::Node* use = reader.find("connections")) {
    if (use->text() == "per_vu") block.connections = ConnectionUse::per_vu;
    if (use->text() == "fresh") block.connections = ConnectionUse::fresh;
  }
  if (const yaml::Node* cookies = reader.find("cookies")) {
    if (cookies->text() == "iteration") block.cookies = Cookies::iteration;
    if (cookies->text() == "user") block.cookies = Cookies::user;
  }
  if (const yaml::Node* rate = reader.find("connect_rate")) block.connect_rate = reader.positive_rate(*rate);
}

Block compile_block(const yaml::Node& name, const yaml::Node& node, CompileContext& context) {
  BlockReader reader(name, node, context);
  const auto executor = executor_named(node.find("executor")->text());
  TIDEGATE_ASSERT(executor.has_value());  // the shape says so
  reader.block.executor = *executor;
  reader.block.start = reader.duration_or("start_after", Nanoseconds{0});
  reader.block.graceful_stop = reader.duration_or("graceful_stop", kDefaultGrace);
  reader.block.graceful_ramp_down = reader.duration_or("graceful_ramp_down", kDefaultGrace);
  compile_flow_shares(reader);
  compile_connections(reader);
  refuse_foreign_options(reader);
  compile_executor(reader);
  return std::move(reader.block);
}

/// The upper end is well under the 5 ms from which a start counts as late.
constexpr Nanoseconds kShortestTick = std::chrono::microseconds(100), kLongestTick = std::chrono::milliseconds(2);

void compile_generator(CompileContext& context) {
  if (context.input.generator == nullptr) return;
  const yaml::Node* affinity = context.input.generator->find("thread_affinity");
  context.plan.thread_affinity = affinity != nullptr && schema::as_boolean(*affinity);
  const yaml::Node* tick = context.input.generator->find("tick");
  if (tick == nullptr) return;
  context.plan.tick = schema::as_duration(*tick);
  if (context.plan.tick < kShortestTick || context.plan.tick > kLongestTick) {
    context.diagnostics.add(tick->mark(), fmt::format("generator.tick is from {} to {}", format_duration(kShortestTick),
                                                      format_duration(kLongestTick)));
  }
  for (const Block& block : context.plan.blocks) {
    if (block.open_loop()) continue;
    context.diagnostics.add(
        tick->mark(), fmt::format("generator.tick would slow down load block '{}' ({}), whose pace the answers set",
                                  block.name, to_string(block.executor)));
  }
}

}  // namespace

void compile_load(CompileContext& context) {
  if (context.input.load == nullptr) return;
  for (const auto& [name, node] : context.input.load->entries()) {
    context.plan.blocks.push_back(compile_block(name, node, context));
  }
  compile_generator(context);
}

}  // namespace tidegate::loadgen
