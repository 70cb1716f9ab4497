#pragma once
// Where the records of each series lie in series.tgs. Values are read from the file when they are asked for: memory
// holds 16 bytes a record and not the histograms, so that long runs are drawn in little of it, and a file that still
// grows is followed by refresh().

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/histogram.hpp"
#include "base/result.hpp"
#include "record/series.hpp"

namespace tidegate::record {

/// A range that holds every second of any run.
inline constexpr std::int32_t kFirstSecond = std::numeric_limits<std::int32_t>::min();
inline constexpr std::int32_t kLastSecond = std::numeric_limits<std::int32_t>::max();

/// Not thread-safe. Movable.
class SeriesIndex {
 public:
  /// Errors: no such file, not a series file, a newer version.
  static Result<SeriesIndex> open(const std::string& path);
  SeriesIndex(SeriesIndex&&) noexcept;
  SeriesIndex& operator=(SeriesIndex&&) noexcept;
  ~SeriesIndex();

  /// Takes in the whole blocks that were appended since; true when there were any. What follows a damaged block is
  /// left out for good; a torn one at the end is looked at again by the next refresh.
  bool refresh();
  /// Why the file is not whole, or empty: the torn tail of a run that was killed, or damage.
  const std::string& cut_short() const;

  /// Series are numbered from 0 in the order of their definition.
  std::size_t size() const;
  const SeriesKey& key(std::size_t series) const;
  /// The numbers of a metric's series.
  std::vector<std::size_t> find(std::string_view metric) const;
  /// The seconds that the last refresh added records to, ascending; none after open.
  const std::vector<std::int32_t>& touched(std::size_t series) const;
  /// The records that the last refresh added, as they came: for sums that go on.
  void each_fresh_histogram(std::size_t series, const std::function<void(std::int32_t, const Histogram&)>& visit) const;
  /// The first and one past the last second that any series holds; {0, 0} when empty.
  std::pair<std::int32_t, std::int32_t> range() const;

  /// Counters and gauges over seconds in [from, to), ascending: counters summed, of gauges the last record.
  void each_value(std::size_t series, std::int32_t from, std::int32_t to,
                  const std::function<void(std::int32_t, double)>& visit) const;
  /// Histograms of several series merged by second, over seconds in [from, to), ascending. The reference is valid
  /// during the call only.
  void each_histogram(std::span<const std::size_t> series, std::int32_t from, std::int32_t to,
                      const std::function<void(std::int32_t, const Histogram&)>& visit) const;

 private:
  struct State;
  explicit SeriesIndex(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tidegate::record
