#pragma once
// series-10s.tgs: the same series by tens of seconds, so that long runs are drawn quickly. The format is that of
// series.tgs; a record's second is the first of its ten.

#include <string>

#include "base/result.hpp"
#include "record/series.hpp"

namespace tidegate::record {

inline constexpr std::int32_t kRollupSeconds = 10;

/// Counters add up, histograms are merged, of gauges the largest of ten seconds counts (so that a spike of lag stays).
/// Memory does not grow with the length of the run beyond what the set itself holds.
Result<void> write_rollup(const SeriesSet& series, const std::string& path);

}  // namespace tidegate::record
