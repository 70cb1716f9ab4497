#include "base/json.hpp"
#include "runner/outputs/live_series.hpp"

namespace tidegate::runner {
namespace {

constexpr int kCumulative = 2;  // AGGREGATION_TEMPORALITY_CUMULATIVE

json::object attribute(std::string_view key, std::string_view value) {
  return {{"key", key}, {"value", {{"stringValue", value}}}};
}

json::object point_of(const LiveSeries::Entry& entry, const std::string& started, const std::string& now) {
  json::array attributes;
  for (const auto& [key, value] : entry.key.tags) attributes.push_back(attribute(key, value));
  return {{"attributes", std::move(attributes)}, {"startTimeUnixNano", started}, {"timeUnixNano", now}};
}

json::object histogram_point(const LiveSeries::Entry& entry, json::object point) {
  const double scale = entry.key.unit == "us" ? 1e-6 : 1;
  json::array bounds, counts;
  for (const std::uint64_t bound : LiveSeries::kBounds) bounds.emplace_back(static_cast<double>(bound) * scale);
  for (const std::uint64_t count : entry.buckets) counts.emplace_back(std::to_string(count));
  point["count"] = std::to_string(entry.count);
  point["sum"] = entry.sum * scale;
  point["bucketCounts"] = std::move(counts);
  point["explicitBounds"] = std::move(bounds);
  return point;
}

/// UCUM, as OpenTelemetry asks for.
std::string_view unit_of(const std::string& unit) {
  if (unit == "us" || unit == "s") return "s";
  return unit == "bytes" ? "By" : "1";
}

json::object metric_of(const LiveSeries::Entry& entry, json::array points) {
  json::object metric{{"name", "tidegate." + entry.key.metric}, {"unit", unit_of(entry.key.unit)}};
  switch (entry.key.kind) {
    case record::SeriesKind::counter:
      metric["sum"] = {
          {"aggregationTemporality", kCumulative}, {"isMonotonic", true}, {"dataPoints", std::move(points)}};
      break;
    case record::SeriesKind::gauge:
      metric["gauge"] = {{"dataPoints", std::move(points)}};
      break;
    case record::SeriesKind::histogram:
      metric["histogram"] = {{"aggregationTemporality", kCumulative}, {"dataPoints", std::move(points)}};
      break;
  }
  return metric;
}

}  // namespace

std::string to_otlp(const std::vector<LiveSeries::Entry>& entries, const std::string& run, std::int64_t started_unix_ns,
                    std::int64_t now_unix_ns) {
  const std::string started = std::to_string(started_unix_ns), now = std::to_string(now_unix_ns);
  json::array metrics;
  for (std::size_t i = 0; i < entries.size();) {
    json::array points;
    const std::size_t first = i;
    for (; i < entries.size() && entries[i].key.metric == entries[first].key.metric &&
           entries[i].key.kind == entries[first].key.kind;
         ++i) {
      json::object point = point_of(entries[i], started, now);
      if (entries[i].key.kind == record::SeriesKind::histogram) {
        points.push_back(histogram_point(entries[i], std::move(point)));
      } else {
        point["asDouble"] = entries[i].value;
        points.push_back(std::move(point));
      }
    }
    metrics.push_back(metric_of(entries[first], std::move(points)));
  }
  json::object resource{
      {"attributes", json::array{attribute("service.name", "tidegate"), attribute("tidegate.run", run)}}};
  json::object scope{{"scope", {{"name", "tidegate"}}}, {"metrics", std::move(metrics)}};
  return json::serialize(json::object{
      {"resourceMetrics",
       json::array{json::object{{"resource", std::move(resource)}, {"scopeMetrics", json::array{std::move(scope)}}}}}});
}

}  // namespace tidegate::runner
