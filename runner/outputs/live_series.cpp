#include "runner/outputs/live_series.hpp"

#include <algorithm>

namespace tidegate::runner {

void LiveSeries::take(const record::SeriesKey& key, double number, const Histogram* histogram) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.try_emplace(key).first;
  Entry& entry = found->second;
  if (entry.key.metric.empty()) entry.key = key;
  if (histogram == nullptr) {
    entry.value = key.kind == record::SeriesKind::counter ? entry.value + number : number;
    return;
  }
  histogram->for_each([&](std::uint64_t lowest, std::uint64_t highest, std::uint64_t count) {
    const auto bound = std::lower_bound(kBounds.begin(), kBounds.end(), highest);
    entry.buckets[static_cast<std::size_t>(bound - kBounds.begin())] += count;
    entry.count += count;
    entry.sum += static_cast<double>(lowest + highest) / 2 * static_cast<double>(count);
  });
}

std::vector<LiveSeries::Entry> LiveSeries::snapshot() const {
  const std::lock_guard lock(mutex_);
  std::vector<Entry> out;
  out.reserve(entries_.size());
  for (const auto& [key, entry] : entries_) out.push_back(entry);
  return out;
}

}  // namespace tidegate::runner
