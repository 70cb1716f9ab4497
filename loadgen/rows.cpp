#include "loadgen/rows.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "base/random.hpp"
#include "loadgen/zipf.hpp"

namespace tidegate::loadgen {
namespace {

Row table_row(const CompiledPlan& plan, const Feeder& feeder, const Block& block, std::uint64_t iteration) {
  const std::uint64_t rows = feeder.table->rows();
  TIDEGATE_ASSERT(rows > 0);
  const std::uint64_t turn = iteration * feeder.readers + feeder.turns[block.index].value_or(0);
  switch (feeder.pick) {
    case Feeder::Pick::random: {
      Draws draws(plan.seed, substream(block.stream, feeder.stream), iteration);
      return {static_cast<std::uint64_t>(draws.between(0, static_cast<std::int64_t>(rows) - 1)), false, false};
    }
    case Feeder::Pick::zipf: {
      Draws draws(plan.seed, substream(block.stream, feeder.stream), iteration);
      return {zipf(draws, rows, feeder.zipf_exponent), false, false};
    }
    case Feeder::Pick::sequential:
      return {turn % rows, false, false};
    case Feeder::Pick::unique:
      return {std::min(turn, rows - 1), false, turn >= rows};
  }
  return {};
}

/// A repeat points at an earlier iteration, which may be a repeat itself: its row is followed to where it was made.
Row generated_row(const CompiledPlan& plan, const Feeder& feeder, const Block& block, std::uint64_t iteration) {
  Row row{iteration, false, false};
  while (feeder.repeat > 0 && row.index > 0) {
    Draws draws(plan.seed, substream(block.stream, feeder.stream), row.index);
    if (draws.uniform() >= feeder.repeat) break;
    const std::uint64_t reach = std::min(feeder.among, row.index);
    row.index -= static_cast<std::uint64_t>(draws.between(1, static_cast<std::int64_t>(reach)));
    row.repeat = true;
  }
  return row;
}

}  // namespace

Row row_of(const CompiledPlan& plan, const Feeder& feeder, const Block& block, std::uint64_t iteration) {
  return feeder.table ? table_row(plan, feeder, block, iteration) : generated_row(plan, feeder, block, iteration);
}

}  // namespace tidegate::loadgen
