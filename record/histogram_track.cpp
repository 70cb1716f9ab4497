#include "record/histogram_track.hpp"

#include <algorithm>
#include <limits>
#include <span>

namespace tidegate::record {
namespace {

constexpr std::uint64_t kOwn = std::uint64_t{1} << 63;  // marks offsets into a track's own bytes

std::span<const std::byte> as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

}  // namespace

void HistogramTrack::add_record(std::int32_t second, std::uint64_t offset, std::uint32_t length) {
  sorted_ = sorted_ && (entries_.empty() || entries_.back().second <= second);
  entries_.push_back({second, length, offset});
}

void HistogramTrack::add(std::int32_t second, const Histogram& histogram) {
  if (histogram.empty()) return;
  const std::size_t offset = own_.size();
  histogram.encode(own_);
  add_record(second, kOwn | offset, static_cast<std::uint32_t>(own_.size() - offset));
}

void HistogramTrack::sort() const {
  if (sorted_) return;
  std::stable_sort(entries_.begin(), entries_.end(),
                   [](const Entry& a, const Entry& b) { return a.second < b.second; });
  sorted_ = true;
}

std::int32_t HistogramTrack::first_second() const {
  sort();
  return entries_.empty() ? 0 : entries_.front().second;
}

std::int32_t HistogramTrack::end_second() const {
  sort();
  return entries_.empty() ? 0 : entries_.back().second + 1;
}

std::size_t HistogramTrack::size() const {
  sort();
  std::size_t seconds = 0;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (i == 0 || entries_[i].second != entries_[i - 1].second) ++seconds;
  }
  return seconds;
}

template <typename Visit>
void HistogramTrack::each_record(std::int32_t from, std::int32_t to, Visit&& visit) const {
  sort();
  const auto begin = std::lower_bound(entries_.begin(), entries_.end(), from,
                                      [](const Entry& entry, std::int32_t second) { return entry.second < second; });
  std::string buffer;
  for (auto at = begin; at != entries_.end() && at->second < to; ++at) {
    if ((at->offset & kOwn) != 0) {
      visit(at->second, std::string_view(own_).substr(at->offset & ~kOwn, at->length));
    } else {
      bytes_->read(at->offset, at->length, buffer);
      visit(at->second, std::string_view(buffer));
    }
  }
}

void HistogramTrack::merge_into(Histogram& target, std::int32_t from, std::int32_t to) const {
  each_record(from, to, [&](std::int32_t, std::string_view bytes) { target.merge_encoded(as_bytes(bytes)); });
}

Histogram HistogramTrack::merged(std::int32_t from, std::int32_t to) const {
  Histogram all;
  merge_into(all, from, to);
  return all;
}

void HistogramTrack::for_each(std::int32_t from, std::int32_t to,
                              const std::function<void(std::int32_t, const Histogram&)>& visit) const {
  Histogram current;
  std::int32_t second = 0;
  const auto hand_over = [&] {
    if (!current.empty()) visit(second, current);
    current.reset();
  };
  each_record(from, to, [&](std::int32_t at, std::string_view bytes) {
    if (at != second) hand_over();
    second = at;
    current.merge_encoded(as_bytes(bytes));
  });
  hand_over();
}

void HistogramTrack::counts(std::int32_t from, std::int32_t to, std::uint64_t limit,
                            const std::function<void(std::int32_t, const Histogram::Counts&)>& visit) const {
  Histogram::Counts current;
  std::int32_t second = 0;
  const auto hand_over = [&] {
    if (current.total > 0) visit(second, current);
    current = {};
  };
  each_record(from, to, [&](std::int32_t at, std::string_view bytes) {
    if (at != second) hand_over();
    second = at;
    const auto counted = Histogram::encoded_counts(as_bytes(bytes), limit);
    if (!counted) return;
    current.total += counted->total;
    current.at_or_over += counted->at_or_over;
  });
  hand_over();
}

std::map<std::int32_t, Histogram> HistogramTrack::decoded() const {
  std::map<std::int32_t, Histogram> all;
  for_each(std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max(),
           [&](std::int32_t second, const Histogram& histogram) { all.emplace(second, histogram); });
  return all;
}

}  // namespace tidegate::record
