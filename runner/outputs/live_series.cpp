#include "runner/outputs/live_series.hpp"

#include <algorithm>

namespace tidegate::runner {

void LiveSeries::on_series(record::SeriesId id, const record::SeriesKey& key) {
  const std::lock_guard lock(mutex_);
  if (entries_.size() <= id) entries_.resize(id + 1);
  entries_[id].key = key;
}

void LiveSeries::on_value(record::SeriesId id, double value) {
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_.at(id);
  entry.value = entry.key.kind == record::SeriesKind::counter ? entry.value + value : value;
}

void LiveSeries::on_histogram(record::SeriesId id, const Histogram& delta) {
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_.at(id);
  delta.for_each([&](std::uint64_t lowest, std::uint64_t highest, std::uint64_t count) {
    const auto bound = std::lower_bound(kBounds.begin(), kBounds.end(), highest);
    entry.buckets[static_cast<std::size_t>(bound - kBounds.begin())] += count;
    entry.count += count;
    entry.sum += static_cast<double>(lowest + highest) / 2 * static_cast<double>(count);
  });
}

std::vector<LiveSeries::Entry> LiveSeries::snapshot() const {
  std::vector<Entry> out;
  {
    const std::lock_guard lock(mutex_);
    out = entries_;
  }
  std::erase_if(out, [](const Entry& entry) { return entry.key.metric.empty(); });
  std::sort(out.begin(), out.end(), [](const Entry& a, const Entry& b) { return a.key < b.key; });
  return out;
}

}  // namespace tidegate::runner
