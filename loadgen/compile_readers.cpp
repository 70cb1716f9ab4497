// Who reads which feeder: flows their rows, blocks their turn at feeders that they share.
#include <set>
#include <utility>

#include "loadgen/compile.hpp"
#include "loadgen/visit_templates.hpp"

namespace tidegate::loadgen {
namespace {

/// With the feeders that the columns of generated ones read in turn.
std::vector<std::uint32_t> with_sources(const CompiledPlan& plan, std::vector<std::uint32_t> feeders) {
  for (std::size_t i = 0; i < feeders.size(); ++i) {
    for (const Template& column : plan.feeders[feeders[i]].generated) note_feeders(column, feeders);
  }
  return feeders;
}

/// Generated columns that one flow reads more than once get a place where an iteration keeps them.
void keep_repeated(CompiledPlan& plan) {
  std::set<std::pair<std::uint32_t, std::uint32_t>> repeated;
  for (Flow& flow : plan.flows) {
    std::set<std::pair<std::uint32_t, std::uint32_t>> read;
    const auto note = [&](const Slot& slot) {
      if (slot.source != Slot::Source::column || plan.feeders[slot.first].table) return;
      if (!read.insert({slot.first, slot.second}).second) repeated.insert({slot.first, slot.second});
    };
    for (Step& step : flow.steps) visit_step(step, [&](const Template& part) { part.each_slot(note); });
  }
  for (Feeder& feeder : plan.feeders) feeder.kept.resize(feeder.generated.size());
  for (const auto& [feeder, column] : repeated) plan.feeders[feeder].kept[column] = plan.kept_cells++;
}

}  // namespace

void note_readers(CompileContext& context) {
  CompiledPlan& plan = context.plan;
  keep_repeated(plan);
  std::vector<std::vector<std::uint32_t>> read_by;  // each flow
  for (Flow& flow : plan.flows) {
    for (Step& step : flow.steps) visit_step(step, [&](Template& part) { note_feeders(part, flow.feeders); });
    read_by.push_back(with_sources(plan, flow.feeders));
  }
  for (std::uint32_t i = 0; i < plan.feeders.size(); ++i) {
    Feeder& feeder = plan.feeders[i];
    for (const Block& block : plan.blocks) {
      const bool reads = std::ranges::any_of(block.flows, [&](const FlowShare& share) {
        return std::ranges::find(read_by[share.flow], i) != read_by[share.flow].end();
      });
      feeder.turns.push_back(reads ? std::optional(feeder.readers++) : std::nullopt);
    }
  }
}

}  // namespace tidegate::loadgen
