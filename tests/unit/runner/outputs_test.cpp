// Metrics on their way out of a run: the text and the JSON that others read, and mistakes in `outputs`.

#include <string>

#include "base/json.hpp"
#include "runner/outputs/live_series.hpp"
#include "runner/outputs/outputs.hpp"
#include "tests/support/catch.hpp"

namespace tidegate::runner {
namespace {

void fill(LiveSeries& series) {
  const record::SeriesKey requests{
      "http_reqs", {{"name", "a \"b\"\n"}, {"status", "200"}}, record::SeriesKind::counter, "count"};
  const record::SeriesKey users{"vus", {}, record::SeriesKind::gauge, "count"};
  const record::SeriesKey lag{"lag_age", {{"group", "ledger"}, {"partition", "all"}}, record::SeriesKind::gauge, "s"};
  const record::SeriesKey times_of_a{"response_time", {{"name", "a"}}, record::SeriesKind::histogram, "us"};
  const record::SeriesKey times_of_b{"response_time", {{"name", "b"}}, record::SeriesKind::histogram, "us"};
  series.take(requests, 3, nullptr);
  series.take(requests, 4, nullptr);
  series.take(users, 9, nullptr);
  series.take(users, 5, nullptr);
  series.take(lag, 0.25, nullptr);
  Histogram times;
  times.record(90);
  times.record(1'000, 2);
  times.record(90'000'000);
  series.take(times_of_a, 0, &times);
  series.take(times_of_a, 0, &times);
  Histogram one;
  one.record(2'000);
  series.take(times_of_b, 0, &one);
}

}  // namespace

TEST_CASE("Prometheus reads counters, gauges and cumulative buckets in seconds") {
  LiveSeries series;
  fill(series);
  const std::string text = to_prometheus(series.snapshot());
  INFO(text);
  for (const char* line : {"# TYPE tidegate_http_reqs_total counter\n",
                           "tidegate_http_reqs_total{name=\"a \\\"b\\\"\\n\",status=\"200\"} 7\n",
                           "# TYPE tidegate_vus gauge\ntidegate_vus 5\n",
                           "tidegate_lag_age_seconds{group=\"ledger\",partition=\"all\"} 0.25\n",
                           "# TYPE tidegate_response_time_seconds histogram\n",
                           "tidegate_response_time_seconds_bucket{name=\"a\",le=\"0.0001\"} 2\n",
                           "tidegate_response_time_seconds_bucket{name=\"a\",le=\"0.001\"} 6\n",
                           "tidegate_response_time_seconds_bucket{name=\"a\",le=\"60\"} 6\n",
                           "tidegate_response_time_seconds_bucket{name=\"a\",le=\"+Inf\"} 8\n",
                           "tidegate_response_time_seconds_count{name=\"a\"} 8\n",
                           "tidegate_response_time_seconds_count{name=\"b\"} 1\n"}) {
    INFO(line);
    CHECK(text.find(line) != std::string::npos);
  }
  CHECK(text.find("# TYPE tidegate_response_time_seconds histogram") ==
        text.rfind("# TYPE tidegate_response_time_seconds"));
}

TEST_CASE("OTLP has one metric per name, with cumulative points") {
  LiveSeries series;
  fill(series);
  const auto parsed = parse_json(to_otlp(series.snapshot(), "drill", 1'000, 2'000));
  REQUIRE(parsed.ok());
  const json::value& scope = parsed->at("resourceMetrics").at(0).at("scopeMetrics").at(0);
  REQUIRE(scope.at("metrics").as_array().size() == 4);
  const json::value& requests = scope.at("metrics").at(0);
  CHECK(requests.at("name").as_string() == "tidegate.http_reqs");
  CHECK(requests.at("sum").at("isMonotonic").as_bool());
  CHECK(requests.at("sum").at("aggregationTemporality").as_int64() == 2);
  CHECK(requests.at("sum").at("dataPoints").at(0).at("asDouble").to_number<double>() == 7);
  CHECK(requests.at("sum").at("dataPoints").at(0).at("timeUnixNano").as_string() == "2000");
  const json::value& lag = scope.at("metrics").at(1);
  CHECK(lag.at("name").as_string() == "tidegate.lag_age");
  CHECK(lag.at("gauge").at("dataPoints").at(0).at("asDouble").to_number<double>() == 0.25);
  const json::value& times = scope.at("metrics").at(2);
  CHECK(times.at("unit").as_string() == "s");
  REQUIRE(times.at("histogram").at("dataPoints").as_array().size() == 2);
  const json::value& point = times.at("histogram").at("dataPoints").at(0);
  CHECK(point.at("count").as_string() == "8");
  CHECK(point.at("bucketCounts").as_array().size() == point.at("explicitBounds").as_array().size() + 1);
  CHECK(point.at("bucketCounts").as_array().back().as_string() == "2");
  CHECK(parsed->at("resourceMetrics")
            .at(0)
            .at("resource")
            .at("attributes")
            .at(1)
            .at("value")
            .at("stringValue")
            .as_string() == "drill");
}

TEST_CASE("mistakes in outputs are told with their place") {
  struct Row {
    const char* text;
    const char* message;
  };
  const Row rows[] = {
      {"prometheus: {listen: 'here'}", "is no address to listen on"},
      {"prometheus: {listen: '127.0.0.1:70000'}", "is no address to listen on"},
      {"otlp: {endpoint: 'collector:4318'}", "is no OTLP/HTTP endpoint"},
      {"otlp: {endpoint: 'https://collector'}", "is no OTLP/HTTP endpoint"},
      {"otlp: {endpoint: 'http://127.0.0.1:1', every: 10ms}", "'every' is at least 1s"},
      {"samples: {format: xml}", "csv, ndjson"},
      {"sample: {format: csv}", "samples"},
  };
  for (const Row& row : rows) {
    INFO(row.text);
    Diagnostics diagnostics;
    const yaml::Node node = yaml::parse(row.text, "scenario.yaml", diagnostics);
    REQUIRE(diagnostics.empty());
    if (schema::check(node, *outputs_schema(), "'outputs'", diagnostics)) parse_outputs(node, diagnostics);
    INFO(diagnostics.text());
    CHECK(diagnostics.text().find(row.message) != std::string::npos);
    CHECK(diagnostics.text().find("scenario.yaml:1:") != std::string::npos);
  }
  Diagnostics diagnostics;
  const yaml::Node node = yaml::parse(
      "{prometheus: {listen: '127.0.0.1:0'}, otlp: {endpoint: 'http://h:1', headers: {a: b}}}", "s", diagnostics);
  const OutputOptions options = parse_outputs(node, diagnostics);
  CHECK(diagnostics.empty());
  CHECK(options.prometheus_address == "127.0.0.1");
  CHECK(options.prometheus_port == 0);
  CHECK(options.otlp_url == "http://h:1/v1/metrics");
}

}  // namespace tidegate::runner
