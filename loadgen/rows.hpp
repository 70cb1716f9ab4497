#pragma once
// Which row of a feeder an iteration reads: a pure function of seed, block and iteration.

#include <cstdint>

#include "loadgen/compiled.hpp"

namespace tidegate::loadgen {

struct Row {
  std::uint64_t index = 0;  ///< of the table; of a generated feeder, the iteration whose draws make the row
  bool repeat = false;      ///< a generated row that an earlier iteration had already
  bool dry = false;         ///< a unique feeder has no row left
};

/// Of the B blocks whose flows read a sequential or unique feeder, the b-th (from 0) reads the rows i * B + b.
Row row_of(const CompiledPlan& plan, const Feeder& feeder, const Block& block, std::uint64_t iteration);

}  // namespace tidegate::loadgen
