#pragma once
// The histograms of one series, second by second, in their compact form: an hour of a busy series is a few megabytes,
// where its decoded histograms would be gigabytes. Decoded only when asked for.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/histogram.hpp"

namespace tidegate::record {

/// Where compact histograms lie. Read-only; may be shared.
class HistogramBytes {
 public:
  virtual ~HistogramBytes() = default;
  /// Replaces `out`; empty when the bytes cannot be read any more.
  virtual void read(std::uint64_t offset, std::size_t length, std::string& out) const = 0;
};

/// A value type; copies share the bytes. Const members may be called from one thread at a time.
class HistogramTrack {
 public:
  HistogramTrack() = default;
  /// `bytes`: what the offsets of add_record refer to.
  explicit HistogramTrack(std::shared_ptr<const HistogramBytes> bytes) : bytes_(std::move(bytes)) {}

  /// A record that lies in the shared bytes. Several of one second add up.
  void add_record(std::int32_t second, std::uint64_t offset, std::uint32_t length);
  /// A histogram that is kept here.
  void add(std::int32_t second, const Histogram& histogram);

  bool empty() const { return entries_.empty(); }
  /// The first second, and one past the last; both 0 when empty.
  std::int32_t first_second() const;
  std::int32_t end_second() const;
  /// How many seconds hold a histogram.
  std::size_t size() const;
  /// Empty where the second holds none.
  Histogram at(std::int32_t second) const { return merged(second, second + 1); }
  /// Over seconds in [from, to).
  Histogram merged(std::int32_t from, std::int32_t to) const;
  void merge_into(Histogram& target, std::int32_t from, std::int32_t to) const;
  /// Each second of [from, to) that holds a histogram, ascending.
  void for_each(std::int32_t from, std::int32_t to,
                const std::function<void(std::int32_t, const Histogram&)>& visit) const;
  /// As for_each, but only how many samples there are and how many are at or over the limit; much quicker.
  void counts(std::int32_t from, std::int32_t to, std::uint64_t limit,
              const std::function<void(std::int32_t, const Histogram::Counts&)>& visit) const;
  /// All of it, decoded.
  std::map<std::int32_t, Histogram> decoded() const;

 private:
  struct Entry {
    std::int32_t second;
    std::uint32_t length;
    std::uint64_t offset;  // into own_ from kOwn on
  };
  template <typename Visit>
  void each_record(std::int32_t from, std::int32_t to, Visit&& visit) const;
  void sort() const;

  std::shared_ptr<const HistogramBytes> bytes_;
  std::string own_;
  mutable std::vector<Entry> entries_;  // by second once sorted
  mutable bool sorted_ = true;
};

}  // namespace tidegate::record
