#include "gates/probes/offset_ring.hpp"

#include <algorithm>
#include <cstdlib>

namespace tidegate::gates {

void OffsetRing::add(std::int64_t offset, std::int64_t timestamp_ms) {
  if (!start_ || offset < next_) restart_at(offset);
  // An entry keeps its first record's time; producers' clocks differ, so that time may also go back.
  if (!entries_.empty() && std::abs(timestamp_ms - entries_.back().timestamp_ms) < resolution_ms_) {
    entries_.back().last = offset;
  } else {
    entries_.push_back({offset, offset, timestamp_ms});
    if (entries_.size() > kMostEntries) make_coarser();
  }
  next_ = offset + 1;
}

void OffsetRing::reached(std::int64_t offset) {
  if (start_) next_ = std::max(next_, offset);
}

void OffsetRing::forget_below(std::int64_t offset) {
  while (!entries_.empty() && entries_.front().last < offset) entries_.pop_front();
  if (start_ && offset > *start_) start_ = std::min(offset, next_);
}

void OffsetRing::restart_at(std::int64_t offset) {
  entries_.clear();
  start_ = offset;
  next_ = offset;
}

void OffsetRing::make_coarser() {
  resolution_ms_ = std::min(resolution_ms_ * 2, kCoarsestMilliseconds);
  std::deque<Entry> kept;
  for (const Entry& entry : entries_) {
    if (!kept.empty() && std::abs(entry.timestamp_ms - kept.back().timestamp_ms) < resolution_ms_) {
      kept.back().last = entry.last;
    } else {
      kept.push_back(entry);
    }
  }
  entries_ = std::move(kept);
  // Timestamps that jump about do not thin out. A quarter goes at once, so that this stays rare.
  if (entries_.size() <= kMostEntries * 3 / 4) return;
  entries_.erase(entries_.begin(), entries_.end() - static_cast<std::ptrdiff_t>(kMostEntries * 3 / 4));
  start_ = entries_.front().first;
}

OffsetRing::Found OffsetRing::find(std::int64_t offset) const {
  if (!start_ || offset < *start_) return {Found::Where::before, 0};
  const auto entry = std::lower_bound(entries_.begin(), entries_.end(), offset,
                                      [](const Entry& one, std::int64_t wanted) { return one.last < wanted; });
  if (entry == entries_.end()) return {Found::Where::beyond, 0};
  return {Found::Where::inside, entry->timestamp_ms};
}

}  // namespace tidegate::gates
