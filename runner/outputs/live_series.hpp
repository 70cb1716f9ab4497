#pragma once
// The series of a run as they stand now: counters and histograms since the start, gauges as last seen.

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "record/series.hpp"

namespace tidegate::runner {

/// Of everything that the run records: load, lag, signals, processes, faults. Thread-safe.
class LiveSeries {
 public:
  /// Upper bounds of histogram buckets, in the series' unit: of microseconds, 100 us to 60 s.
  static constexpr std::array<std::uint64_t, 18> kBounds = {
      100,     250,     500,     1'000,     2'500,     5'000,     10'000,     25'000,     50'000,
      100'000, 250'000, 500'000, 1'000'000, 2'500'000, 5'000'000, 10'000'000, 30'000'000, 60'000'000};
  struct Entry {
    record::SeriesKey key;
    double value = 0;         ///< counters: the sum; gauges: the last value
    std::uint64_t count = 0;  ///< histograms, as the next two
    double sum = 0;
    std::array<std::uint64_t, kBounds.size() + 1> buckets{};  ///< up to each bound, the last above all
  };

  /// A record, as record::SeriesWriter::Observer has it: a counter's delta, a gauge's value, or a histogram's part.
  void take(const record::SeriesKey& key, double number, const Histogram* histogram);
  /// Ordered by metric, so that one metric's series follow each other.
  std::vector<Entry> snapshot() const;

 private:
  mutable std::mutex mutex_;
  std::map<record::SeriesKey, Entry> entries_;
};

/// Prometheus' text format 0.0.4. Times become seconds; names get the prefix `tidegate_`.
std::string to_prometheus(const std::vector<LiveSeries::Entry>& entries);
/// An OTLP/HTTP request in JSON (opentelemetry-proto 1.0): cumulative sums, gauges and explicit-bucket histograms.
std::string to_otlp(const std::vector<LiveSeries::Entry>& entries, const std::string& run, std::int64_t started_unix_ns,
                    std::int64_t now_unix_ns);

}  // namespace tidegate::runner
