#include "reports/charts.hpp"

#include <algorithm>

#include "record/metrics.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/record/scratch_directory.hpp"

using namespace tidegate;
using namespace tidegate::reports;
using record::SeriesKind;

namespace {

/// Series written to a file, and the charts of what the index reads back.
class Source {
 public:
  Source() : writer_(std::move(*record::SeriesWriter::create(path()))) {}

  void counter(std::string_view metric, record::Tags tags, const std::map<std::int32_t, double>& values,
               SeriesKind kind = SeriesKind::counter) {
    const auto id = intern(metric, std::move(tags), kind);
    for (const auto& [second, value] : values) {
      kind == SeriesKind::gauge ? writer_->set(second, id, value) : writer_->add(second, id, value);
    }
  }

  void histogram(std::string_view metric, record::Tags tags, std::int32_t second, std::uint64_t microseconds) {
    Histogram values;
    values.record(microseconds, 10);
    writer_->merge(second, intern(metric, std::move(tags), SeriesKind::histogram), values);
  }

  record::SeriesIndex index() {
    REQUIRE(writer_->flush().ok());
    return std::move(*record::SeriesIndex::open(path()));
  }

  std::vector<Chart> charts(const record::RunInfo& info) {
    const record::SeriesIndex read = index();
    const auto [start, end] = chart_range(info, read);
    LatencyFold latency(info);
    latency.update(read, HeatAxis::covering(TimeAxis::covering(start, end)));
    std::vector<BurnFold> burns;
    for (Budget& budget : budgets_of(info)) burns.emplace_back(std::move(budget)).update(read);
    return build_charts(info, read, latency, burns);
  }

 private:
  std::string path() const { return scratch_.file("series.tgs"); }
  record::SeriesId intern(std::string_view metric, record::Tags tags, SeriesKind kind) {
    record::SeriesKey key;
    key.metric = metric;
    key.tags = std::move(tags);
    key.kind = kind;
    return writer_->intern(std::move(key));
  }

  test::ScratchDirectory scratch_;
  std::unique_ptr<record::SeriesWriter> writer_;
};

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
  Source source;
  source.counter(record::kScheduledIterations, {{"flow", "a"}}, {{1, 10}});
  source.counter(record::kScheduledIterations, {{"flow", "b"}}, {{1, 5}, {2, 1}});
  source.counter(record::kIterations, {{"outcome", "ok"}}, {{1, 12}});
  source.counter(record::kIterations, {{"outcome", "failed"}}, {{1, 2}});
  record::RunInfo info;
  record::PlannedLoad one, two;
  one.rate = {{0, 5.0}, {1, 7.0}};
  two.rate = {{1, 1.0}};
  info.load = {one, two};
  const auto charts = source.charts(info);
  const Chart& rate = chart_of(charts, "rate");
  CHECK(line_of(rate, "planned").values == std::map<std::int32_t, double>{{0, 5}, {1, 8}});
  CHECK(line_of(rate, "offered").values == std::map<std::int32_t, double>{{1, 15}, {2, 1}});
  CHECK(line_of(rate, "achieved").values == std::map<std::int32_t, double>{{1, 14}});
  CHECK(rate.lines.size() == 3);  // nothing was dropped, so no line for it
}

TEST_CASE("percentiles merge the tags of a step, and polls have charts of their own") {
  Source source;
  source.histogram(record::kResponseTime, {{"name", "create"}, {"expected", "true"}}, 3, 1'000);
  source.histogram(record::kResponseTime, {{"name", "create"}, {"expected", "false"}}, 3, 900'000);
  source.histogram(record::kHttpReqDuration, {{"name", "create"}}, 3, 5);  // not drawn
  source.histogram("settled", {{"flow", "pay"}}, 4, 2'000'000);
  record::RunInfo info;
  record::PlannedLoad load;
  load.steps = {{"pay", {"create", "settled"}}};
  info.load = {load};
  const auto charts = source.charts(info);
  CHECK(charts.size() == 5);
  const Chart& create = chart_of(charts, "latency:create");
  CHECK(line_of(create, "p50").values.at(3) == Approx(0.001).epsilon(0.01));
  CHECK(line_of(create, "p99").values.at(3) == Approx(0.9).epsilon(0.01));
  CHECK(line_of(create, "max").values.at(3) == Approx(0.9).epsilon(0.01));
  CHECK(line_of(chart_of(charts, "latency:settled"), "p50").values.at(4) == Approx(2).epsilon(0.01));
}

TEST_CASE("a group's lag is its own summary, else its worst partition") {
  Source source;
  const auto lag = [&source](const char* group, const char* partition, double age) {
    source.counter(record::kLagAge, {{"group", group}, {"partition", partition}}, {{1, age}}, SeriesKind::gauge);
  };
  lag("ledger", "all", 4);
  lag("ledger", "0", 9);
  lag("fraud", "0", 1);
  lag("fraud", "1", 2);
  const auto charts = source.charts({});
  const Chart& chart = chart_of(charts, "lag_age");
  CHECK(line_of(chart, "ledger").values.at(1) == 4);
  CHECK(line_of(chart, "fraud").values.at(1) == 2);
}

TEST_CASE("users are summed, of the load loops the worst counts") {
  Source source;
  for (const char* loop : {"0", "1"}) {
    const double value = loop[0] == '0' ? 0.25 : 0.75;
    source.counter(record::kVus, {{"loop", loop}}, {{1, value * 100}}, SeriesKind::gauge);
    source.counter(record::kGeneratorCpu, {{"loop", loop}}, {{1, value}}, SeriesKind::gauge);
  }
  source.histogram(record::kScheduleLateness, {{"block", "b"}}, 1, 80);
  source.counter(record::kProcessCpu, {{"process", "gateway"}}, {{1, 1.5}}, SeriesKind::gauge);
  const auto charts = source.charts({});
  CHECK(chart_of(charts, "vus").lines.at(0).values.at(1) == 100);
  CHECK(line_of(chart_of(charts, "generator"), "busy").values.at(1) == 0.75);
  CHECK(chart_of(charts, "generator").lines.size() == 1);  // the wait was not recorded
  CHECK(line_of(chart_of(charts, "lateness"), "p99").values.at(1) == Approx(80e-6).epsilon(0.01));
  CHECK(line_of(chart_of(charts, "processes"), "gateway").values.at(1) == 1.5);
}

TEST_CASE("budgets of the scenario are drawn as burn rates") {
  Source source;
  source.histogram(record::kResponseTime, {{"name", "pay"}, {"expected", "true"}}, 1, 1'000);
  source.histogram(record::kResponseTime, {{"name", "pay"}, {"expected", "true"}}, 2, 900'000);   // too slow
  source.histogram(record::kResponseTime, {{"name", "pay"}, {"expected", "false"}}, 1, 1'000);    // failed
  source.histogram(record::kResponseTime, {{"name", "other"}, {"expected", "false"}}, 1, 1'000);  // not asked for
  record::RunInfo info;
  info.scenario =
      "gates:\n"
      "  quick: {budget: {objective: 99%, of: pay, good: expected and response_time < 800ms, max_burn: 2}}\n"
      "  any: {budget: {objective: 99.9%, of: pay}}\n"
      "  odd: {budget: {objective: 200%, of: pay}}\n"
      "  ack: {expect: p99(response_time) < 1s}\n";
  REQUIRE(budgets_of(info).size() == 2);
  const auto charts = source.charts(info);
  const Chart& burn = chart_of(charts, "burn");
  CHECK(line_of(burn, "quick").values.at(1) == Approx(50));
  CHECK(line_of(burn, "quick").values.at(2) == Approx(100));
  CHECK(line_of(burn, "limit of quick").values.at(1) == 2);
  CHECK(line_of(burn, "any").values.at(1) == Approx(500));
  CHECK(line_of(burn, "any").values.at(2) == 0);
  info.scenario = "gates: [";
  CHECK(budgets_of(info).empty());
}

TEST_CASE("too many steps and classes are cut, and the page says so") {
  Source source;
  for (int i = 0; i < 40; ++i) {
    const std::string name = "n" + std::to_string(100 + i);
    source.histogram(record::kResponseTime, {{"name", name}}, 1, 100);
    source.counter(record::kErrors, {{"class", name}}, {{1, 1}});
  }
  const auto charts = source.charts({});
  CHECK(charts.size() == 3 + 16);
  CHECK_THAT(charts.at(16).note, Catch::Contains("24 more steps"));
  CHECK(chart_of(charts, "errors").lines.size() == 10);
  CHECK_THAT(chart_of(charts, "errors").note, Catch::Contains("30 more"));
}

TEST_CASE("a run without series has the charts whose absence tells something, empty") {
  Source source;
  const auto charts = source.charts({});
  REQUIRE(charts.size() == 4);
  for (const Chart& chart : charts) {
    CHECK(chart.lines.empty());
    CHECK_FALSE(chart.empty.empty());
  }
  CHECK(chart_range({}, source.index()) == std::pair<std::int32_t, std::int32_t>{0, 0});
}

TEST_CASE("what is planned widens the axis") {
  record::RunInfo info;
  record::PlannedLoad load;
  load.rate = {{0, 1.0}, {INT32_MAX, 1.0}};  // hostile, and no overflow
  info.load = {load};
  info.phases = {{"warmup", -2, 5, false}};
  Source source;
  source.counter(record::kIterations, {}, {{1, 1}});
  const record::SeriesIndex index = source.index();
  CHECK(index.range().second == 2);
  CHECK(chart_range(info, index) == std::pair<std::int32_t, std::int32_t>{-2, INT32_MAX});
}
