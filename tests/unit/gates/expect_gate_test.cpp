#include <functional>

#include "tests/unit/gates/fixture.hpp"

using namespace tidegate;
using namespace tidegate::gates;

namespace {

const std::string kP99 = "ack_p99: {expect: 'p99(response_time{name=create_payment}) < 500ms', during: peak}";

struct Row {
  const char* what;
  std::function<void(SyntheticRun&)> change;
  std::string gates;
  Outcome want;
  const char* in_reason;
};

void check_rows(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    SyntheticRun run;
    row.change(run);
    const record::Verdict verdict = judged(run, row.gates);
    REQUIRE(verdict.gates.size() == 1);
    INFO(row.what << ": " << verdict.gates[0].reason);
    CHECK(to_string(verdict.gates[0].outcome) == to_string(row.want));
    CHECK_THAT(verdict.gates[0].reason, Catch::Contains(row.in_reason));
  }
}

}  // namespace

TEST_CASE("a percentile gate judges the share of samples over its limit", "[expect]") {
  check_rows({
      {"everything quick", [](SyntheticRun&) {}, kP99, Outcome::pass,
       "p99 20 ms [20, 20] is under 500 ms (2,000 samples)"},
      {"everything slow", [](SyntheticRun& run) { run.slow(10, 30, 700'000); }, kP99, Outcome::fail,
       "p99 700 ms [700, 700] is over 500 ms (2,000 samples)"},
      // 5 % slow: the value breaks, and so does the independent-sample bound.
      {"one second of twenty slow", [](SyntheticRun& run) { run.slow(10, 11, 700'000); }, kP99, Outcome::fail,
       "is over"},
      // 1.05 % slow: the value breaks, the bounds do not agree.
      {"barely over",
       [](SyntheticRun& run) {
         run.time(record::kResponseTime, SyntheticRun::request_tags(true), 12, 700'000, 22);
         run.time(record::kResponseTimeFromSend, SyntheticRun::request_tags(true), 12, 700'000, 22);
       },
       kP99, Outcome::inconclusive, "the bounds lie on both sides of the limit"},
      // 0.9 % slow: the value holds, the bounds do not agree.
      {"barely under",
       [](SyntheticRun& run) {
         run.time(record::kResponseTime, SyntheticRun::request_tags(true), 12, 700'000, 18);
         run.time(record::kResponseTimeFromSend, SyntheticRun::request_tags(true), 12, 700'000, 18);
       },
       kP99, Outcome::inconclusive, "the bounds lie on both sides of the limit"},
      {"the same by the value alone",
       [](SyntheticRun& run) { run.time(record::kResponseTime, SyntheticRun::request_tags(true), 12, 700'000, 18); },
       "ack: {expect: 'p99(response_time{name=create_payment}) < 500ms', during: peak, confidence: none}",
       Outcome::pass, "by the value alone"},
      // Slow before the window: not its business.
      {"slow in the ramp", [](SyntheticRun& run) { run.slow(3, 10, 700'000); }, kP99, Outcome::pass, "is under"},
      {"slow in the warm-up, all judged time", [](SyntheticRun& run) { run.slow(0, 3, 700'000); },
       "ack: {expect: 'p99(response_time) < 500ms'}", Outcome::pass, "2,700 samples"},
      {"a poll", [](SyntheticRun&) {}, "settled: {expect: 'p99(payment_settled) < 5s'}", Outcome::pass, "p99 400 ms"},
      {"over a lower limit", [](SyntheticRun&) {}, "slow: {expect: 'p50(response_time) > 5ms'}", Outcome::pass,
       "is over 5 ms"},
      {"under a lower limit", [](SyntheticRun&) {}, "slow: {expect: 'p50(response_time) > 50ms'}", Outcome::fail,
       "is under 50 ms"},
  });
}

TEST_CASE("failed answers count as over every limit", "[expect]") {
  check_rows({
      // Quick errors must not improve a percentile: 10 % failed after 1 ms.
      {"quick errors", [](SyntheticRun& run) { run.fail_requests(10, 30, 10); }, kP99, Outcome::fail,
       "p99 is a failed sample: it is over 500 ms (2,000 samples, 200 failed"},
      {"any outcome asked for", [](SyntheticRun& run) { run.fail_requests(10, 30, 10); },
       "ack: {expect: 'p99(response_time{name=create_payment, expected=any}) < 500ms', during: peak}", Outcome::pass,
       "is under"},
      {"below the percentile", [](SyntheticRun& run) { run.fail_requests(12, 13, 3); }, kP99, Outcome::pass,
       "3 failed"},
      {"a lower limit is not reached by failing", [](SyntheticRun& run) { run.fail_requests(3, 30, 100); },
       "slow: {expect: 'p50(response_time) > 5ms'}", Outcome::fail, "failed sample"},
      {"an average with failures", [](SyntheticRun& run) { run.fail_requests(12, 13, 1); },
       "mean: {expect: 'avg(response_time) < 500ms'}", Outcome::fail, "1 sample failed and count as over every limit"},
      {"an average without", [](SyntheticRun&) {}, "mean: {expect: 'avg(response_time) < 500ms'}", Outcome::pass,
       "avg 20 ms is under"},
      {"failed share", [](SyntheticRun& run) { run.fail_requests(3, 30, 5); },
       "errors: {expect: 'rate(http_req_failed) < 1%'}", Outcome::fail, "failed share 5 %"},
      {"no failures", [](SyntheticRun&) {}, "errors: {expect: 'rate(http_req_failed) < 1%'}", Outcome::pass,
       "failed share 0 %"},
      {"a count of failures", [](SyntheticRun& run) { run.fail_requests(12, 13, 1); },
       "errors: {expect: 'count(http_req_failed) < 1'}", Outcome::fail, "http_req_failed 1 is over 1"},
      {"a counter that nobody wrote is zero while load ran", [](SyntheticRun&) {},
       "errors: {expect: 'count(errors{class=timeout}) < 1'}", Outcome::pass, "errors 0 is under 1"},
  });
}

TEST_CASE("no data is never a pass", "[expect]") {
  check_rows({
      {"no samples in the window",
       [](SyntheticRun& run) {
         run.erase(record::kResponseTime, 10, 30);
         run.erase(record::kResponseTimeFromSend, 10, 30);
       },
       kP99, Outcome::inconclusive, "no samples"},
      {"one sample",
       [](SyntheticRun& run) {
         for (const auto metric : {record::kResponseTime, record::kResponseTimeFromSend}) {
           run.erase(metric, 10, 30);
           run.time(metric, SyntheticRun::request_tags(true), 12, 1000);
         }
       },
       kP99, Outcome::inconclusive, "1 sample, 299 needed"},
      {"298 clean samples are one too few",
       [](SyntheticRun& run) {
         for (const auto metric : {record::kResponseTime, record::kResponseTimeFromSend}) {
           run.erase(metric, 10, 30);
           run.time(metric, SyntheticRun::request_tags(true), 12, 1000, 298);
         }
       },
       kP99, Outcome::inconclusive, "298 samples, 299 needed"},
      {"299 are enough",
       [](SyntheticRun& run) {
         for (const auto metric : {record::kResponseTime, record::kResponseTimeFromSend}) {
           run.erase(metric, 10, 30);
           run.time(metric, SyntheticRun::request_tags(true), 12, 1000, 299);
         }
       },
       kP99, Outcome::pass, "299 samples"},
      {"min_samples raises the bar", [](SyntheticRun&) {},
       "ack: {expect: 'p99(response_time) < 500ms', during: peak, min_samples: 2000}", Outcome::pass, ""},
      {"everything empty", [](SyntheticRun& run) { run.erase_all(); }, kP99, Outcome::inconclusive, "no samples"},
      {"a counter without any load", [](SyntheticRun& run) { run.erase_all(); },
       "errors: {expect: 'count(errors) < 1'}", Outcome::inconclusive, "no samples"},
      {"a share without any load", [](SyntheticRun& run) { run.erase_all(); },
       "errors: {expect: 'rate(http_req_failed) < 1%'}", Outcome::inconclusive, "no samples"},
      {"a gauge that was never written", [](SyntheticRun&) {}, "vus: {expect: 'max(vus) < 100'}", Outcome::inconclusive,
       "no samples"},
      {"a gauge that is not a number",
       [](SyntheticRun& run) { run.gauge(record::kVus, {}, 12, std::numeric_limits<double>::quiet_NaN()); },
       "vus: {expect: 'max(vus) < 100'}", Outcome::inconclusive, "no samples"},
      {"an average of nothing", [](SyntheticRun& run) { run.erase_all(); }, "mean: {expect: 'avg(response_time) < 1s'}",
       Outcome::inconclusive, "no samples"},
  });
}

TEST_CASE("the generator decides nothing", "[expect]") {
  check_rows({
      // 10 % dropped: without them p99 holds, with them it does not.
      {"drops in a healthy system", [](SyntheticRun& run) { run.drop(10, 30, 10); }, kP99, Outcome::inconclusive,
       "the generator owes 200 samples"},
      {"a few drops", [](SyntheticRun& run) { run.drop(12, 17, 1); }, kP99, Outcome::pass, "5 owed by the generator"},
      // One event, in the worst case: five samples that cluster are worth less than five that do not.
      {"a few drops at once", [](SyntheticRun& run) { run.drop(12, 13, 5); }, kP99, Outcome::inconclusive,
       "worth 320 independent ones"},
      // The system collapsed and took all virtual users with it: what was answered is slow enough on its own.
      {"drops in a collapsed system",
       [](SyntheticRun& run) {
         run.slow(10, 30, 5'000'000);
         run.drop(10, 30, 80);
       },
       kP99, Outcome::fail, "is over 500 ms"},
      {"all dropped", [](SyntheticRun& run) { run.drop(10, 30, 100); }, kP99, Outcome::inconclusive,
       "the generator owes 2,000"},
      // Sent late: from the schedule it is slow, from the send it is not.
      {"a late generator", [](SyntheticRun& run) { run.generator_late(10, 30, 700'000); }, kP99, Outcome::inconclusive,
       "the generator was late"},
      {"drops against a limit on errors", [](SyntheticRun& run) { run.drop(12, 13, 50); },
       "errors: {expect: 'count(http_req_failed{name=create_payment}) < 5'}", Outcome::inconclusive, "owes 50"},
      {"drops against a wanted rate", [](SyntheticRun& run) { run.drop(10, 30, 20); },
       "rate: {expect: 'rate(iterations) > 90/s', during: peak}", Outcome::inconclusive, "owes"},
      {"a rate that even the dropped would not reach", [](SyntheticRun& run) { run.drop(10, 30, 20); },
       "rate: {expect: 'rate(iterations) > 120/s', during: peak}", Outcome::fail, "is under 120/s"},
      {"a sample never taken could have any value", [](SyntheticRun& run) { run.drop(12, 13, 1); },
       "worst: {expect: 'max(response_time) < 500ms'}", Outcome::inconclusive, "owes 1 sample"},
      {"from the send was not recorded",
       [](SyntheticRun& run) {
         run.slow(10, 30, 700'000);
         run.erase(record::kResponseTimeFromSend, 0, 99);
       },
       kP99, Outcome::inconclusive, "times from the actual send were not recorded"},
      {"dropped arrivals themselves", [](SyntheticRun& run) { run.drop(12, 13, 5); },
       "drops: {expect: 'count(dropped_iterations) < 1'}", Outcome::fail, "dropped_iterations 5 is over 1"},
  });
}

TEST_CASE("a warning does not ask for certainty and does not fail", "[expect]") {
  const std::string gates =
      "ack: {expect: 'p99(response_time) < 500ms', warn: 'p99(response_time) < 380ms', during: peak}";
  SyntheticRun quick;
  CHECK(outcome_of(judged(quick, gates)) == "PASS");
  SyntheticRun slow;
  slow.slow(10, 30, 400'000);
  const record::Verdict warned = judged(slow, gates);
  CHECK(outcome_of(warned) == "WARN");
  CHECK(warned.exit_code == 0);
  CHECK(strict_exit_code(warned) == 99);
  CHECK_THAT(lines(warned.reasons), Catch::Contains("ack during peak: ") && Catch::Contains("warning: not < 380 ms"));
  SyntheticRun slower;
  slower.slow(10, 30, 600'000);
  CHECK(outcome_of(judged(slower, gates)) == "FAIL");
}

TEST_CASE("a gate result carries its figures in base units", "[expect]") {
  SyntheticRun run;
  run.slow(10, 30, 700'000);
  const record::GateResult gate = judged(run, kP99).gates[0];
  CHECK(gate.name == "ack_p99");
  CHECK(gate.kind == "expect");
  CHECK(gate.during == "peak");
  CHECK(gate.value == Approx(0.7).epsilon(0.001));
  CHECK(gate.limit == Approx(0.5));
  CHECK(gate.comparison == "<");
  CHECK(gate.unit == "s");
  CHECK(gate.samples == 2000);
  CHECK(gate.confidence == Approx(0.95));
  REQUIRE(gate.interval);
  CHECK(gate.interval->first <= *gate.value);
  CHECK(gate.interval->second >= *gate.value);
}

TEST_CASE("what steps measure themselves is gated in its own unit", "[expect]") {
  SyntheticRun run;
  run.info.load[0].steps[0].second.insert(run.info.load[0].steps[0].second.end(), {"items", "body", "staleness"});
  const record::Tags tags = {{"block", "shoppers"}, {"expected", "true"}, {"flow", "pay"}};
  for (std::int32_t second = 0; second < 30; ++second) {
    run.time("items", tags, second, 3, 98);
    run.time("items", tags, second, 40, 2);
    run.time("body", tags, second, 2048, 100);
    run.time("staleness", tags, second, 1'500'000, 100);
  }
  GateContext context = context_of(run);
  context.poll_metrics.insert(context.poll_metrics.end(), {"items", "body", "staleness"});
  context.measure_units = {{"items", "count"}, {"body", "bytes"}};
  struct Row {
    const char *gate, *unit, *reason;
    Outcome want;
    double value;
  };
  const Row rows[] = {
      {"p95(items) < 10", "count", "p95 3", Outcome::pass, 3},
      {"p99(items) < 10", "count", "p99 40", Outcome::fail, 40},
      {"p99(items) <= 40", "count", "is under", Outcome::pass, 40},
      {"max(items) < 40", "count", "max 40", Outcome::fail, 40},
      {"avg(items) < 4", "count", "avg 3.74", Outcome::pass, 3.74},
      {"p50(body{block=shoppers}) > 1KiB", "B", "is over", Outcome::pass, 2048},
      {"worst 5s of max(items) < 41", "count", "is under 41", Outcome::pass, 40},
      {"p99(staleness) < 1s", "s", "p99 1.5 s", Outcome::fail, 1.5},
  };
  for (const Row& row : rows) {
    INFO(row.gate);
    const auto verdict = judged(run, gates_of("g: {expect: '" + std::string(row.gate) + "', during: peak}", context));
    REQUIRE(verdict.gates.size() == 1);
    INFO(verdict.gates[0].reason);
    CHECK(to_string(verdict.gates[0].outcome) == to_string(row.want));
    CHECK(verdict.gates[0].unit == row.unit);
    CHECK(*verdict.gates[0].value == Approx(row.value).epsilon(0.01));
    CHECK_THAT(verdict.gates[0].reason, Catch::Contains(row.reason));
  }
  // A unit that does not fit, an aggregate that does not, a share of seconds that cannot be had.
  CHECK_THAT(mistakes_in("g: {expect: 'p99(items) < 10ms'}", context), Catch::Contains("10ms"));
  CHECK_THAT(mistakes_in("g: {expect: 'apdex(items, 10s) > 0.9'}", context), Catch::Contains("not a time"));
  CHECK_THAT(mistakes_in("g: {budget: {objective: 99%, of: items}}", context), Catch::Contains("items"));
  CHECK_THAT(mistakes_in("g: {expect: 'p99(itms) < 10'}", context), Catch::Contains("did you mean 'items'"));
  // What the generator owes could have been anything.
  run.count(record::kDroppedIterations, {{"block", "shoppers"}, {"flow", "pay"}}, 12, 200);
  const auto dropped = judged(run, gates_of("g: {expect: 'p95(items) < 10', during: peak}", context));
  CHECK(to_string(dropped.gates[0].outcome) == to_string(Outcome::inconclusive));
  // A run directory keeps their names and units.
  json::object extra;
  keep_own_metrics(context, extra);
  GateContext again;
  read_own_metrics(extra, again);
  CHECK(again.poll_metrics == context.poll_metrics);
  CHECK(again.measure_units == context.measure_units);
}
