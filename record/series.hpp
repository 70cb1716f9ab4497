#pragma once
// series.tgs: metric records keyed by (second, series). Append-only, checksummed blocks; a completion that comes later
// adds a record to its earlier second, and readers sum. Format: docs/run-directory.md.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/histogram.hpp"
#include "base/result.hpp"
#include "record/histogram_track.hpp"
#include "record/metrics.hpp"

namespace tidegate::record {

using Tags = std::vector<std::pair<std::string, std::string>>;  ///< sorted by key

struct SeriesKey {
  std::string metric;
  Tags tags;
  SeriesKind kind = SeriesKind::counter;
  std::string unit;
  auto operator<=>(const SeriesKey&) const = default;
  std::string text() const;  ///< response_time{flow=pay,name=create_payment}
  const std::string* tag(std::string_view key) const;
};

using SeriesId = std::uint32_t;

/// Thread-safe. Samples gather in memory until flush() writes them as one block; call it once a second.
class SeriesWriter {
 public:
  static Result<std::unique_ptr<SeriesWriter>> create(const std::string& path);
  ~SeriesWriter();

  /// The id of a series; the same key gives the same id. Tags need not be sorted.
  SeriesId intern(SeriesKey key);
  void add(std::int32_t second, SeriesId series, double delta);  ///< counter
  void set(std::int32_t second, SeriesId series, double value);  ///< gauge; the last value of a second counts
  void merge(std::int32_t second, SeriesId series, const Histogram& histogram);
  /// Called for every record that a flush writes, in the thread that flushes: its second, its series, its number or its
  /// histogram (null for numbers). Empty: nobody is told.
  using Observer = std::function<void(std::int32_t, const SeriesKey&, double, const Histogram*)>;
  void observe(Observer observer);
  /// Writes what gathered since the last flush. After an error (disk full) every later flush fails at once.
  Result<void> flush();

 private:
  struct State;
  explicit SeriesWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

struct Series {
  SeriesKey key;
  std::map<std::int32_t, double> values;  ///< counters and gauges
  HistogramTrack histograms;              ///< histograms

  /// Over seconds in [from, to).
  Histogram merged(std::int32_t from, std::int32_t to) const;
  double sum(std::int32_t from, std::int32_t to) const;
};

/// All series of a run: numbers in memory, histograms where they are until someone asks for them.
struct SeriesSet {
  std::vector<Series> series;
  bool cut_short = false;  ///< the file ended inside a block, or a checksum failed: everything before it is here
  std::string cut_short_reason;

  /// Every series of a metric.
  std::vector<const Series*> find(std::string_view metric) const;
  /// The first and one past the last second that any series holds; {0, 0} when empty.
  std::pair<std::int32_t, std::int32_t> range() const;
};

/// Reads and checks the whole file once. Histograms stay in the file, which the set keeps open.
Result<SeriesSet> read_series(const std::string& path);

}  // namespace tidegate::record
