#include "record/rollup.hpp"

#include <algorithm>
#include <map>

namespace tidegate::record {
namespace {

// Towards the earlier ten, also before the start of load.
std::int32_t ten_of(std::int32_t second) {
  const std::int32_t rest = second % kRollupSeconds;
  return second - (rest < 0 ? rest + kRollupSeconds : rest);
}

void roll_numbers(const Series& series, SeriesId id, SeriesWriter& out) {
  const bool adds = series.key.kind == SeriesKind::counter;
  std::map<std::int32_t, double> tens;
  for (const auto& [second, value] : series.values) {
    const auto [at, added] = tens.try_emplace(ten_of(second), value);
    if (!added) at->second = adds ? at->second + value : std::max(at->second, value);
  }
  for (const auto& [ten, value] : tens) {
    if (adds) {
      out.add(ten, id, value);
    } else {
      out.set(ten, id, value);
    }
  }
}

}  // namespace

Result<void> write_rollup(const SeriesSet& series, const std::string& path) {
  auto writer = SeriesWriter::create(path);
  if (!writer) return writer.error();
  for (const Series& one : series.series) {
    const SeriesId id = (*writer)->intern(one.key);
    roll_numbers(one, id, **writer);
    for (std::int32_t ten = ten_of(one.histograms.first_second()); ten < one.histograms.end_second();
         ten += kRollupSeconds) {
      (*writer)->merge(ten, id, one.histograms.merged(ten, ten + kRollupSeconds));
    }
    if (auto flushed = (*writer)->flush(); !flushed) return flushed;
  }
  return {};
}

}  // namespace tidegate::record
