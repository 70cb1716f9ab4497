#include "reports/latency.hpp"

#include "record/metrics.hpp"
#include "reports/latency_data.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/record/scratch_directory.hpp"

using namespace tidegate;
using namespace tidegate::reports;
using record::SeriesKind;

namespace {

record::SeriesKey key(std::string_view metric, record::Tags tags, SeriesKind kind = SeriesKind::histogram) {
  record::SeriesKey out;
  out.metric = metric;
  out.tags = std::move(tags);
  out.kind = kind;
  return out;
}

Histogram of(std::uint64_t value, std::uint64_t count) {
  Histogram out;
  out.record(value, count);
  return out;
}

record::RunInfo judged_from_two() {
  record::RunInfo info;
  info.phases = {{"warmup", 0, 2, false}, {"peak", 2, 8, true}};
  return info;
}

struct Fixture {
  test::ScratchDirectory scratch;
  std::string path = scratch.file("series.tgs");
  std::unique_ptr<record::SeriesWriter> writer = std::move(*record::SeriesWriter::create(path));
  record::SeriesId good = writer->intern(key(record::kResponseTime, {{"name", "pay"}, {"expected", "true"}}));
  record::SeriesId bad = writer->intern(key(record::kResponseTime, {{"name", "pay"}, {"expected", "false"}}));
  record::SeriesId service = writer->intern(key(record::kHttpReqDuration, {{"name", "pay"}}));
  record::SeriesId requests =
      writer->intern(key(record::kHttpReqs, {{"name", "pay"}, {"status", "202"}}, SeriesKind::counter));

  void second(std::int32_t at) {
    writer->merge(at, good, of(1000 + 100 * static_cast<std::uint64_t>(at), 90));
    writer->merge(at, bad, of(50'000, 10));
    writer->merge(at, service, of(900, 100));
    writer->add(at, requests, 100);
  }
  void flush() { REQUIRE(writer->flush().ok()); }
};

void check_same(const LatencyFold& a, const LatencyFold& b) {
  const auto left = a.steps(), right = b.steps();
  REQUIRE(left.size() == right.size());
  for (std::size_t i = 0; i < left.size(); ++i) {
    CHECK(left[i]->name == right[i]->name);
    CHECK(left[i]->seconds == right[i]->seconds);
    CHECK(left[i]->heat == right[i]->heat);
    CHECK(left[i]->response == right[i]->response);
    CHECK(left[i]->service == right[i]->service);
    CHECK(left[i]->failed == right[i]->failed);
  }
}

}  // namespace

TEST_CASE("totals are of judged time, seconds of all time") {
  Fixture run;
  for (std::int32_t at = 0; at < 8; ++at) run.second(at);
  run.flush();
  const record::RunInfo info = judged_from_two();
  const auto index = std::move(*record::SeriesIndex::open(run.path));
  LatencyFold latency(info);
  latency.update(index, {0, 1});
  REQUIRE(latency.steps().size() == 1);
  const StepLatency& pay = *latency.steps()[0];
  CHECK(pay.seconds.size() == 8);
  CHECK(pay.response.count() == 600);
  CHECK(pay.failed == 60);
  CHECK(pay.service.count() == 600);
  CHECK(pay.seconds.at(0)[0] == Approx(0.001).epsilon(0.01));
  CHECK(pay.seconds.at(0)[2] == Approx(0.05).epsilon(0.01));
  REQUIRE(pay.heat.at(0).size() == 2);
  CHECK(pay.heat.at(0)[0] == std::pair<int, std::uint64_t>(heat_row(1000), 90));
  const json::array steps = steps_to_json(info, index, latency);
  REQUIRE(steps.size() == 1);
  CHECK(steps[0].at("statuses") == json::array{json::array{"202", 600}});
  CHECK(steps[0].at("rate") == json::value(100));
}

TEST_CASE("a fold that followed the file equals one that read it at the end") {
  Fixture run;
  const record::RunInfo info = judged_from_two();
  run.flush();
  auto followed_index = std::move(*record::SeriesIndex::open(run.path));
  LatencyFold followed(info);
  for (std::int32_t at = 0; at < 8; ++at) {
    run.second(at);
    run.writer->merge(std::max(0, at - 3), run.good, of(9'000, 1));  // a late completion
    if (at == 5) {
      const auto late_step = run.writer->intern(key("settled", {{"flow", "pay"}}));
      run.writer->merge(at, late_step, of(70, 4));
    }
    run.flush();
    followed_index.refresh();
    followed.update(followed_index, {0, at < 4 ? 1 : 2});  // the axis grew, columns with it
    const auto index = std::move(*record::SeriesIndex::open(run.path));
    LatencyFold whole(info);
    whole.update(index, {0, at < 4 ? 1 : 2});
    check_same(followed, whole);
  }
}

TEST_CASE("heat rows are quarters of an octave") {
  CHECK(heat_row(0) == 0);
  CHECK(heat_row(1) == 0);
  CHECK(heat_row(2) == 4);
  CHECK(heat_row(1024) == 40);
  CHECK(heat_row(1023) == 39);
  CHECK(HeatAxis::covering(TimeAxis::covering(0, 33)) == HeatAxis{0, 1});
  CHECK(HeatAxis::covering(TimeAxis::covering(-10, 3590)) == HeatAxis{-10, 15});
  CHECK(HeatAxis::covering(TimeAxis::covering(0, 0)) == HeatAxis{0, 1});
}

TEST_CASE("percentile curves rise to the greatest value at the number of samples") {
  Histogram histogram;
  for (std::uint64_t value = 1; value <= 10'000; ++value) histogram.record(value);
  const json::array curve = percentile_curve(histogram);
  double last_x = 0, last_y = 0;
  for (const json::value& point : curve) {
    const double x = point.at(0).to_number<double>(), y = point.at(1).to_number<double>();
    CHECK(x >= last_x);
    CHECK(y >= last_y);
    // At 1 / (1 - p) the value is that of the p-th percentile.
    CHECK(y == Approx((1 - 1 / x) * 0.01).margin(0.0001));
    last_x = x;
    last_y = y;
  }
  CHECK(last_x == 10'000);
  CHECK(last_y == Approx(0.01).epsilon(0.001));
  CHECK(percentile_curve({}).empty());
  CHECK(percentile_curve(of(5, 1)).size() == 1);
}
