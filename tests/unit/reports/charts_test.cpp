#include "reports/charts.hpp"

#include <algorithm>

#include "tests/support/catch.hpp"

using namespace tidegate;
using namespace tidegate::reports;
using record::SeriesKind;

namespace {

record::Series counter(std::string_view metric, record::Tags tags, std::map<std::int32_t, double> values,
                       SeriesKind kind = SeriesKind::counter) {
  record::Series series;
  series.key.metric = metric;
  series.key.tags = std::move(tags);
  series.key.kind = kind;
  series.values = std::move(values);
  return series;
}

record::Series histogram(std::string_view metric, record::Tags tags, std::int32_t second, std::uint64_t microseconds) {
  record::Series series;
  series.key.metric = metric;
  series.key.tags = std::move(tags);
  series.key.kind = SeriesKind::histogram;
  Histogram times;
  times.record(microseconds, 10);
  series.histograms.add(second, times);
  return series;
}

const Chart& chart_of(const std::vector<Chart>& charts, const std::string& id) {
  const auto found = std::find_if(charts.begin(), charts.end(), [&id](const Chart& chart) { return chart.id == id; });
  REQUIRE(found != charts.end());
  return *found;
}

const ChartLine& line_of(const Chart& chart, const std::string& label) {
  const auto found = std::find_if(chart.lines.begin(), chart.lines.end(),
                                  [&label](const ChartLine& line) { return line.label == label; });
  REQUIRE(found != chart.lines.end());
  return *found;
}

}  // namespace

TEST_CASE("offered and achieved are summed over blocks and flows") {
  record::SeriesSet set;
  set.series = {counter(record::kScheduledIterations, {{"flow", "a"}}, {{1, 10}}),
                counter(record::kScheduledIterations, {{"flow", "b"}}, {{1, 5}, {2, 1}}),
                counter(record::kIterations, {{"outcome", "ok"}}, {{1, 12}}),
                counter(record::kIterations, {{"outcome", "failed"}}, {{1, 2}})};
  record::RunInfo info;
  record::PlannedLoad one, two;
  one.rate = {{0, 5.0}, {1, 7.0}};
  two.rate = {{1, 1.0}};
  info.load = {one, two};
  const auto charts = build_charts(info, set);
  const Chart& rate = chart_of(charts, "rate");
  CHECK(line_of(rate, "planned").values == std::map<std::int32_t, double>{{0, 5}, {1, 8}});
  CHECK(line_of(rate, "offered").values == std::map<std::int32_t, double>{{1, 15}, {2, 1}});
  CHECK(line_of(rate, "achieved").values == std::map<std::int32_t, double>{{1, 14}});
  CHECK(rate.lines.size() == 3);  // nothing was dropped, so no line for it
}

TEST_CASE("percentiles merge the tags of a step, and polls have charts of their own") {
  record::SeriesSet set;
  set.series = {histogram(record::kResponseTime, {{"name", "create"}, {"expected", "true"}}, 3, 1'000),
                histogram(record::kResponseTime, {{"name", "create"}, {"expected", "false"}}, 3, 900'000),
                histogram(record::kHttpReqDuration, {{"name", "create"}}, 3, 5),  // not drawn
                histogram("settled", {{"flow", "pay"}}, 4, 2'000'000)};
  record::RunInfo info;
  record::PlannedLoad load;
  load.steps = {{"pay", {"create", "settled"}}};
  info.load = {load};
  const auto charts = build_charts(info, set);
  CHECK(charts.size() == 5);
  const Chart& create = chart_of(charts, "latency:create");
  CHECK(line_of(create, "p50").values.at(3) == Approx(0.001).epsilon(0.01));
  CHECK(line_of(create, "p99").values.at(3) == Approx(0.9).epsilon(0.01));
  CHECK(line_of(create, "max").values.at(3) == Approx(0.9).epsilon(0.01));
  CHECK(line_of(chart_of(charts, "latency:settled"), "p50").values.at(4) == Approx(2).epsilon(0.01));
}

TEST_CASE("a group's lag is its own summary, else its worst partition") {
  const auto lag = [](const char* group, const char* partition, double age) {
    return counter(record::kLagAge, {{"group", group}, {"partition", partition}}, {{1, age}}, SeriesKind::gauge);
  };
  record::SeriesSet set;
  set.series = {lag("ledger", "all", 4), lag("ledger", "0", 9), lag("fraud", "0", 1), lag("fraud", "1", 2)};
  const auto charts = build_charts({}, set);
  const Chart& chart = chart_of(charts, "lag_age");
  CHECK(line_of(chart, "ledger").values.at(1) == 4);
  CHECK(line_of(chart, "fraud").values.at(1) == 2);
}

TEST_CASE("too many steps and classes are cut, and the page says so") {
  record::SeriesSet set;
  for (int i = 0; i < 40; ++i) {
    const std::string name = "n" + std::to_string(100 + i);
    set.series.push_back(histogram(record::kResponseTime, {{"name", name}}, 1, 100));
    set.series.push_back(counter(record::kErrors, {{"class", name}}, {{1, 1}}));
  }
  const auto charts = build_charts({}, set);
  CHECK(charts.size() == 3 + 16);
  CHECK_THAT(charts.at(16).note, Catch::Contains("24 more steps"));
  CHECK(chart_of(charts, "errors").lines.size() == 10);
  CHECK_THAT(chart_of(charts, "errors").note, Catch::Contains("30 more"));
}

TEST_CASE("a run without series has every chart, empty") {
  const auto charts = build_charts({}, {});
  REQUIRE(charts.size() == 4);
  for (const Chart& chart : charts) CHECK(chart.lines.empty());
  CHECK(measured_end(charts) == 0);
  CHECK(chart_range({}, charts) == std::pair<std::int32_t, std::int32_t>{0, 0});
}

TEST_CASE("what is planned widens the axis and is not measured") {
  record::RunInfo info;
  record::PlannedLoad load;
  load.rate = {{0, 1.0}, {INT32_MAX, 1.0}};  // hostile, and no overflow
  info.load = {load};
  info.phases = {{"warmup", -2, 5, false}};
  record::SeriesSet set;
  set.series = {counter(record::kIterations, {}, {{1, 1}})};
  const auto charts = build_charts(info, set);
  CHECK(measured_end(charts) == 2);
  CHECK(chart_range(info, charts) == std::pair<std::int32_t, std::int32_t>{-2, INT32_MAX});
}
