// Ending a run early: when it may, when it must not, and that the bound may be looked at every second.

#include "gates/abort_watch.hpp"

#include <cmath>
#include <random>

#include "gates/anytime.hpp"
#include "tests/unit/gates/fixture.hpp"

using namespace tidegate;
using namespace tidegate::gates;

namespace {

constexpr std::uint64_t kSeed = 20241129;

/// The second before which the watch says stop, looking after each one.
std::optional<AbortWatch::Abort> played(const SyntheticRun& run, const std::string& gates, std::int32_t& at) {
  const GateContext context = context_of(run);
  AbortWatch watch(gates_of(gates, context), context);
  const record::SeriesSet set = run.series();
  for (at = 1; at <= run.end(); ++at) {
    for (const record::Series& series : set.series) {
      const Histogram histogram = series.histograms.at(at - 1);
      if (!histogram.empty()) watch.take(at - 1, series.key, 0, &histogram);
      const auto number = series.values.find(at - 1);
      if (number != series.values.end()) watch.take(at - 1, series.key, number->second, nullptr);
    }
    if (auto abort = watch.check(at)) return abort;
  }
  return std::nullopt;
}

}  // namespace

TEST_CASE("looked at after every sample, the bound cries wolf at most 5 times of 100", "[statistics]") {
  std::mt19937_64 random(kSeed);
  int alarms = 0, found = 0;
  for (int trial = 0; trial < 400; ++trial) {
    double bad = 0, broken = 0;
    bool alarmed = false, caught = false;
    for (int n = 1; n <= 5000; ++n) {
      bad += std::uniform_real_distribution<>()(random) < 0.01 ? 1 : 0;
      broken += std::uniform_real_distribution<>()(random) < 0.03 ? 1 : 0;
      if (n % 5 != 0) continue;
      alarmed = alarmed || is_broken_anytime(bad, n, 0.01, 0.95);
      caught = caught || is_broken_anytime(broken, n, 0.01, 0.95);
    }
    alarms += alarmed ? 1 : 0;
    found += caught ? 1 : 0;
  }
  INFO("seed " << kSeed << ": " << alarms << " false alarms of 400, " << found << " found");
  CHECK(alarms <= 20);
  CHECK(found >= 396);
}

TEST_CASE("evidence of nothing, of impossible limits, and of much", "[abort]") {
  CHECK_FALSE(is_broken_anytime(0, 0, 0.01, 0.95));
  CHECK_FALSE(is_broken_anytime(0, 1e9, 0.01, 0.95));
  CHECK_FALSE(is_broken_anytime(10, 1000, 0.01, 0.95));  // the value holds
  CHECK(is_broken_anytime(1e6, 1e7, 0.01, 0.999));
  CHECK_FALSE(is_broken_anytime(5, 10, 0, 0.95));
  CHECK_FALSE(is_broken_anytime(5, 10, 1, 0.95));
}

TEST_CASE("a run ends early only when a watched gate is broken beyond doubt", "[abort]") {
  struct Row {
    const char* what;
    std::function<void(SyntheticRun&)> change;
    const char* gates;
    std::int32_t stops_before;  // 0: never
    const char* in_reason;
  };
  const char* p99 = "ack: {expect: 'p99(response_time) < 500ms', during: peak, abort_on: true, grace: 3s}";
  const Row rows[] = {
      {"healthy", [](SyntheticRun&) {}, p99, 0, ""},
      {"slow before the window", [](SyntheticRun& run) { run.slow(0, 10, 700'000); }, p99, 0, ""},
      {"slow from its start on", [](SyntheticRun& run) { run.slow(10, 30, 700'000); }, p99, 13,
       "300 of 300 samples bad"},
      {"not watched", [](SyntheticRun& run) { run.slow(10, 30, 700'000); },
       "ack: {expect: 'p99(response_time) < 500ms', during: peak}", 0, ""},
      // One event of 100: more than the 1 % of all 2,000 that are planned, whatever comes.
      {"one slow second that cannot be made up for", [](SyntheticRun& run) { run.slow(15, 16, 700'000); }, p99, 16,
       "even if all that is still planned were good"},
      {"a late generator stops nobody", [](SyntheticRun& run) { run.generator_late(10, 30, 700'000); }, p99, 0, ""},
      {"drops stop nobody", [](SyntheticRun& run) { run.drop(10, 30, 90); }, p99, 0, ""},
      {"failing fast", [](SyntheticRun& run) { run.fail_requests(10, 30, 50); }, p99, 13, "bad after 3 s"},
      {"failed share", [](SyntheticRun& run) { run.fail_requests(10, 30, 50); },
       "errors: {expect: 'rate(http_req_failed) < 1%', during: peak, abort_on: true, grace: 5s}", 15, "errors"},
      {"a budget", [](SyntheticRun& run) { run.fail_requests(10, 30, 50); },
       "slo: {budget: {objective: 99%, of: create_payment}, during: peak, abort_on: true, grace: 5s}", 15, "slo"},
      {"lag slices that cannot be made up for", [](SyntheticRun& run) { run.lag(12, 30, 99, 9); },
       "lag: {lag: {group: ledger, age: < 30s, objective: 90%}, during: peak, abort_on: true, grace: 1s}", 15,
       "3 of 5 seconds bad"},
  };
  for (const Row& row : rows) {
    SyntheticRun run;
    row.change(run);
    std::int32_t at = 0;
    const auto abort = played(run, row.gates, at);
    INFO(row.what << (abort ? ": " + abort->gate + " " + abort->reason : std::string()));
    CHECK(abort.has_value() == (row.stops_before != 0));
    if (!abort) continue;
    CHECK(at == row.stops_before);
    CHECK_THAT(abort->gate + " " + abort->reason, Catch::Contains(row.in_reason));
  }
}

TEST_CASE("a run that ended early is judged on what it has, and never passes", "[abort]") {
  SyntheticRun run;
  run.slow(10, 30, 700'000);
  run.event(13, "aborted", {{"message", "ack: broken"}});
  auto verdict = judged(run, "ack: {expect: 'p99(response_time) < 500ms', during: peak}");
  CHECK(outcome_of(verdict) == "FAIL");
  CHECK_THAT(lines(verdict.reasons), Catch::Contains("the run ended early: ack: broken"));
  SyntheticRun healthy;
  healthy.event(13, "aborted", {{"message", "ack: broken"}});
  verdict = judged(healthy, "ack: {expect: 'p99(response_time) < 500ms', during: peak}");
  CHECK(outcome_of(verdict) == "INCONCLUSIVE");
}

TEST_CASE("abort_on where it cannot be watched, and windows of one's own that hold nothing, are mistakes", "[gates]") {
  struct Row {
    const char* text;
    const char* message;
  };
  const Row rows[] = {
      {"g: {expect: 'max(response_time) < 1s', abort_on: true}", "abort_on applies to percentiles"},
      {"g: {audit: [no_lost_acks], abort_on: true}", "abort_on applies to"},
      {"g: {expect: 'p99 < 1s', during: 'during:bank_slow', abort_on: true}", "depends on a fault"},
      {"g: {expect: 'p99 < 1s', grace: 5s}", "grace belongs to abort_on"},
      {"g: {expect: 'p99 < 1s', during: '10s..'}", "'' is neither a time nor a phase"},
      {"g: {expect: 'p99 < 1s', during: 'peek..20s'}", "did you mean peak"},
      {"g: {expect: 'p99 < 1s', during: 'peak + x..20s'}", "'x' is not an offset"},
      {"g: {expect: 'p99 < 1s', during: '20s..12s'}", "holds no whole second"},
      {"g: {expect: 'p99 < 1s', during: '1s..2s'}", "no judged second"},
  };
  for (const Row& row : rows) {
    INFO(row.text);
    CHECK_THAT(mistakes_in(row.text, context_of(SyntheticRun())), Catch::Contains(row.message));
  }
}

TEST_CASE("a window of one's own is cut out of judged time", "[window]") {
  struct Row {
    const char* window;
    std::uint64_t samples;
  };
  const Row rows[] = {
      {"12s..17s", 500},         {"peak..peak", 2000},        {"peak + 50%..peak", 1000},
      {"ramp..peak + 3s", 1000}, {"peak+10%..peak+25%", 300}, {"0s..10s", 700},  // the warm-up is not judged
      {"10500ms..13500ms", 200},                                                 // inward, to whole seconds
  };
  for (const Row& row : rows) {
    const auto verdict =
        judged(SyntheticRun(), "g: {expect: 'p90(response_time) < 500ms', during: '" + std::string(row.window) + "'}");
    INFO(row.window << ": " << verdict.gates[0].reason);
    CHECK(verdict.gates[0].samples == row.samples);
    CHECK(verdict.gates[0].during == row.window);
  }
}
