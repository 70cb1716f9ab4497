// OpenTelemetry metrics in the OTLP JSON file format: each line an ExportMetricsServiceRequest of one series, which can
// be posted as it is to a collector's /v1/metrics. Points are ten seconds long; counters and histograms are deltas,
// histograms exponential (scale 4, buckets 4.4 % wide) in seconds.

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "record/compact_json.hpp"
#include "record/metrics.hpp"
#include "record/series_index.hpp"
#include "reports/format.hpp"

namespace tidegate::reports {
namespace {

constexpr std::int32_t kPointSeconds = 10;
constexpr int kScale = 4;
constexpr int kDelta = 1;  // AGGREGATION_TEMPORALITY_DELTA

json::object attribute(std::string_view key, std::string_view value) {
  return {{"key", record::valid_utf8(key)}, {"value", json::object{{"stringValue", record::valid_utf8(value)}}}};
}

/// The ten seconds that a second lies in.
std::int32_t point_of(std::int32_t second) {
  const std::int32_t rest = ((second % kPointSeconds) + kPointSeconds) % kPointSeconds;
  return second - rest;
}

class Exporter {
 public:
  Exporter(const FormatInput& input, const record::SeriesIndex& index, const Sink& sink)
      : info_(input.info), index_(index), sink_(sink) {}

  void write() {
    for (std::size_t series = 0; series < index_.size(); ++series) {
      if (!sink_(record::compact_json(request(series)) + "\n")) return;
    }
  }

 private:
  /// 64-bit integers are texts in OTLP's JSON.
  std::string nanoseconds(std::int32_t second) const {
    const auto origin = static_cast<std::int64_t>(std::llround(info_.unix_origin_s * 1e9));
    return std::to_string(origin + static_cast<std::int64_t>(second) * 1'000'000'000);
  }

  json::object point(std::int32_t from, const json::array& attributes) const {
    return {{"attributes", attributes},
            {"startTimeUnixNano", nanoseconds(from)},
            {"timeUnixNano", nanoseconds(from + kPointSeconds)}};
  }

  json::object request(std::size_t series) const {
    const record::SeriesKey& key = index_.key(series);
    json::array attributes;
    for (const auto& [name, value] : key.tags) attributes.push_back(attribute(name, value));
    json::object metric{{"name", "tidegate." + record::valid_utf8(key.metric)},
                        {"unit", key.unit == "us" ? "s" : record::valid_utf8(key.unit)}};
    if (const auto* known = record::find_metric(key.metric)) metric["description"] = known->doc;
    switch (key.kind) {
      case record::SeriesKind::counter:
        metric["sum"] = json::object{{"dataPoints", numbers(series, attributes, true)},
                                     {"aggregationTemporality", kDelta},
                                     {"isMonotonic", true}};
        break;
      case record::SeriesKind::gauge:
        metric["gauge"] = json::object{{"dataPoints", numbers(series, attributes, false)}};
        break;
      case record::SeriesKind::histogram:
        metric["exponentialHistogram"] =
            json::object{{"dataPoints", histograms(series, attributes)}, {"aggregationTemporality", kDelta}};
        break;
    }
    const json::array resource{attribute("service.name", "tidegate"), attribute("service.version", info_.version),
                               attribute("tidegate.scenario", info_.name), attribute("tidegate.variant", info_.variant),
                               attribute("tidegate.seed", std::to_string(info_.seed))};
    const json::object scope{{"name", "tidegate"}, {"version", info_.version}};
    return {{"resourceMetrics",
             json::array{json::object{
                 {"resource", json::object{{"attributes", resource}}},
                 {"scopeMetrics", json::array{json::object{{"scope", scope}, {"metrics", json::array{metric}}}}}}}}};
  }

  /// Counters are summed over a point; of gauges the last value counts.
  json::array numbers(std::size_t series, const json::array& attributes, bool sums) const {
    std::map<std::int32_t, double> points;
    index_.each_value(series, record::kFirstSecond, record::kLastSecond, [&](std::int32_t second, double value) {
      double& at = points[point_of(second)];
      at = sums ? at + value : value;
    });
    json::array out;
    for (const auto& [from, value] : points) {
      json::object one = point(from, attributes);
      one["asDouble"] = value;
      out.push_back(std::move(one));
    }
    return out;
  }

  json::array histograms(std::size_t series, const json::array& attributes) const {
    json::array out;
    std::optional<std::pair<std::int32_t, Histogram>> open;
    const auto close = [&] {
      if (open && !open->second.empty()) out.push_back(histogram_point(open->first, open->second, attributes));
    };
    const std::size_t one[] = {series};
    index_.each_histogram(one, record::kFirstSecond, record::kLastSecond,
                          [&](std::int32_t second, const Histogram& histogram) {
                            const std::int32_t from = point_of(second);
                            if (!open || open->first != from) {
                              close();
                              open.emplace(from, Histogram());
                            }
                            open->second.merge(histogram);
                          });
    close();
    return out;
  }

  json::object histogram_point(std::int32_t from, const Histogram& histogram, const json::array& attributes) const {
    std::map<int, std::uint64_t> buckets;
    std::uint64_t zeros = 0;
    histogram.for_each([&](std::uint64_t lowest, std::uint64_t highest, std::uint64_t count) {
      if (lowest == 0) {
        zeros += count;
        return;
      }
      const double seconds = static_cast<double>(lowest + highest) / 2 * 1e-6;
      // Bucket i holds values over base^i, up to and with base^(i+1); base = 2^(2^-scale).
      buckets[static_cast<int>(std::ceil(std::log2(seconds) * (1 << kScale))) - 1] += count;
    });
    json::array counts;
    const int offset = buckets.empty() ? 0 : buckets.begin()->first;
    if (!buckets.empty()) {
      for (int i = offset; i <= buckets.rbegin()->first; ++i) {
        const auto found = buckets.find(i);
        counts.push_back(json::value(std::to_string(found == buckets.end() ? 0 : found->second)));
      }
    }
    json::object out = point(from, attributes);
    out["count"] = std::to_string(histogram.count());
    out["sum"] = histogram.mean() * static_cast<double>(histogram.count()) * 1e-6;
    out["min"] = static_cast<double>(histogram.min()) * 1e-6;
    out["max"] = static_cast<double>(histogram.max()) * 1e-6;
    out["scale"] = kScale;
    out["zeroCount"] = std::to_string(zeros);
    out["positive"] = json::object{{"offset", offset}, {"bucketCounts", std::move(counts)}};
    return out;
  }

  const record::RunInfo& info_;
  const record::SeriesIndex& index_;
  const Sink& sink_;
};

}  // namespace

Result<void> render_otlp(const FormatInput& input, const Sink& sink) {
  const auto index = record::SeriesIndex::open(input.directory.series());
  if (!index) return index.error();
  Exporter(input, *index, sink).write();
  return {};
}

}  // namespace tidegate::reports
