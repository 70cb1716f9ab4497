#pragma once
// Several run directories as one: the segments of a fleet (`--segment i/n`) that played one schedule together.

#include <string>
#include <vector>

#include "base/result.hpp"
#include "record/run.hpp"

namespace tidegate::record {

/// Writes series, events, operation histories (one after the other), findings and run.json of all parts into a new
/// directory. `truth/` stays where it is: each part read the system at a point of its own, and exports of two points
/// are not the books of any moment; so findings are merged, each checker as bad as its worst part. Counters add up,
/// histograms are merged (never percentiles), of gauges the number of virtual users adds up and of all others the
/// largest of a second counts; so the order of the parts does not matter. Plans add up. Refuses parts of different
/// scenarios or variants, the same part twice, and parts that are cut short.
Result<RunDirectory> merge_runs(const std::vector<RunDirectory>& parts, const std::string& out);

}  // namespace tidegate::record
