// The ways in which a run that proves nothing could come out green. None may exit 0. And properties of judging that
// hold for any data.

#include <functional>

#include "base/random.hpp"
#include "gates/lag_metrics.hpp"
#include "tests/unit/gates/fixture.hpp"

using namespace tidegate;
using namespace tidegate::gates;

TEST_CASE("no false green", "[false-green]") {
  struct Row {
    const char* what;
    std::function<void(SyntheticRun&)> change;
  };
  const auto nothing_answered = [](SyntheticRun& run) {
    for (const auto metric : {record::kResponseTime, record::kResponseTimeFromSend, record::kHttpReqs})
      run.erase(metric, 0, 99);
    run.erase("payment_settled", 0, 99);
  };
  const Row rows[] = {
      {"no data at all", [](SyntheticRun& run) { run.erase_all(); }},
      {"no answers", nothing_answered},
      {"the rate was never reached: all but a few dropped", [](SyntheticRun& run) { run.drop(0, 30, 97); }},
      {"the rate was never reached: arrivals were not drawn",
       [](SyntheticRun& run) {
         for (const auto metric : {record::kScheduledIterations, record::kIterations, record::kHttpReqs,
                                   record::kResponseTime, record::kResponseTimeFromSend}) {
           run.erase(metric, 4, 30);
         }
       }},
      {"every iteration fails, quickly", [](SyntheticRun& run) { run.fail_requests(0, 30, 100); }},
      {"the target is dead from the start: refused in 1 ms, nothing lags",
       [](SyntheticRun& run) {
         run.fail_requests(0, 30, 100, 1000);
         run.lag(0, 35, 0, 0);
       }},
      {"the gate's window is empty",
       [](SyntheticRun& run) {
         run.info.phases[2] = {"peak", 30, 30};
       }},
      {"the gate's window is not judged",
       [](SyntheticRun& run) {
         run.info.phases[2].judged = false;
         run.info.phases[1].judged = false;
       }},
      {"the generator was starved by others",
       [](SyntheticRun& run) {
         run.generator_late(3, 30, 50'000);
         for (int s = 3; s < 30; ++s) run.gauge(record::kGeneratorRunQueueWait, {{"loop", "0"}}, s, 0.6);
       }},
      {"the generator was at its limit",
       [](SyntheticRun& run) {
         for (int s = 3; s < 30; ++s) run.gauge(record::kGeneratorCpu, {{"loop", "0"}}, s, 0.99);
       }},
      {"killed half way", [](SyntheticRun& run) { run.cut_at(15); }},
      {"killed in the warm-up", [](SyntheticRun& run) { run.cut_at(1); }},
      {"interrupted",
       [](SyntheticRun& run) {
         run.event(29, "interrupted", {{"signal", "SIGTERM"}});
       }},
      {"the lag was never known",
       [](SyntheticRun& run) {
         run.no_lag_samples(0, 99);
         for (int s = 0; s < 35; ++s) run.count(record::kProbeSilent, {{"probe", "lag:ledger"}}, s, 1);
       }},
      {"a group that never committed",
       [](SyntheticRun& run) {
         run.no_lag_samples(0, 99);
         for (int s = 0; s < 35; ++s) run.gauge(kLagUndefinedPartitions, SyntheticRun::lag_tags(), s, 20);
       }},
  };
  // Sets of gates that could each be fooled in its own way.
  const std::pair<const char*, std::string> sets[] = {
      {"all kinds",
       "ack: {expect: 'p99(response_time{name=create_payment}) < 500ms', during: peak}\n"
       "slo: {budget: {objective: 99%, of: create_payment}, during: peak}\n"
       "lag: {lag: {group: ledger, age: < 30s}}\n"},
      {"only what fast errors would pass",
       "ack: {expect: 'p99(response_time{expected=any}) < 500ms', during: peak}\nlag: {lag: {group: ledger, age: < "
       "30s}, during: peak}\n"},
      {"only the lag", "lag: {lag: {group: ledger, age: < 30s}, during: peak}\n"},
      {"without confidence",
       "ack: {expect: 'p99(response_time) < 500ms', during: peak, confidence: none}\nlag: {lag: {group: ledger, age: < "
       "30s}}\n"},
      {"only the absence of errors",
       "errors: {expect: 'count(errors) < 1', during: peak}\nlag: {lag: {group: ledger, age: < 30s}}\n"},
  };
  for (const auto& [name, text] : sets) {
    const GateSet gates = gates_of(text, context_of(SyntheticRun()));
    REQUIRE(judged(SyntheticRun(), gates).exit_code == 0);  // green when there is something to be green about
    for (const Row& row : rows) {
      SyntheticRun run;
      row.change(run);
      const record::Verdict verdict = judged(run, gates);
      INFO(name << ": " << row.what << "\n" << lines(verdict.reasons));
      CHECK(verdict.exit_code != 0);
      CHECK_FALSE(verdict.reasons.empty());
    }
  }
}

namespace {

constexpr std::uint64_t kSeed = 20241129;

/// A run with latencies from a seeded mixture: most quick, some slow, some failed, some dropped.
SyntheticRun random_run(std::uint64_t index) {
  Draws draws(kSeed, 5, index);
  SyntheticRun run;
  const double slow = draws.uniform() * 0.03;
  for (const auto metric : {record::kResponseTime, record::kResponseTimeFromSend}) run.erase(metric, 10, 30);
  for (int i = 0; i < 20 * SyntheticRun::kRate; ++i) {
    const auto us = static_cast<std::uint64_t>(draws.uniform() < slow ? draws.between(400'000, 700'000)
                                                                      : draws.between(1'000, 300'000));
    for (const auto metric : {record::kResponseTime, record::kResponseTimeFromSend}) {
      run.time(metric, SyntheticRun::request_tags(true), 10 + i % 3, us);
    }
  }
  if (draws.uniform() < 0.3)
    run.count(record::kDroppedIterations, SyntheticRun::flow_tags(), 15, static_cast<double>(draws.between(1, 40)));
  return run;
}

/// The same run with every sample slower by a factor, at fixed counts.
SyntheticRun slowed(const SyntheticRun& run, double factor) {
  SyntheticRun slower = run;
  for (const auto metric : {record::kResponseTime, record::kResponseTimeFromSend}) {
    for (auto& [second, histogram] :
         slower.of(metric, SyntheticRun::request_tags(true), record::SeriesKind::histogram).histograms) {
      Histogram moved;
      histogram.for_each([&](std::uint64_t, std::uint64_t highest, std::uint64_t count) {
        moved.record(static_cast<std::uint64_t>(static_cast<double>(highest) * factor), count);
      });
      histogram = moved;
    }
  }
  return slower;
}

int severity(Outcome outcome) {
  return outcome == Outcome::fail ? 2 : outcome == Outcome::inconclusive ? 1 : 0;
}

}  // namespace

TEST_CASE("at fixed counts, slower samples never make a verdict better", "[property]") {
  const GateSet gates = gates_of(
      "p99: {expect: 'p99(response_time) < 500ms', during: peak}\n"
      "p90: {expect: 'p90(response_time) < 280ms', during: peak}\n"
      "mean: {expect: 'avg(response_time) < 160ms', during: peak}\n"
      "worst: {expect: 'max(response_time) < 680ms', during: peak}\n"
      "slo: {budget: {objective: 99%, of: create_payment, good: expected and response_time < 500ms}, during: peak}\n"
      "alone: {expect: 'p99(response_time) < 500ms', during: peak, confidence: none}\n",
      context_of(SyntheticRun()));
  int seen[3] = {0, 0, 0};
  for (std::uint64_t index = 0; index < 20; ++index) {
    const SyntheticRun run = random_run(index);
    std::vector<int> before(gates.entries.size(), 0);
    for (const double factor : {1.0, 1.05, 1.5}) {
      const record::Verdict verdict = judged(slowed(run, factor), gates);
      for (std::size_t i = 0; i < before.size(); ++i) {
        const int now = severity(verdict.gates[i].outcome);
        INFO("seed " << kSeed << ", run " << index << ", factor " << factor << ": " << verdict.gates[i].name << " "
                     << verdict.gates[i].reason);
        CHECK(now >= before[i]);
        before[i] = now;
        ++seen[now];
      }
    }
  }
  // The runs reach all three outcomes, or the property would say nothing.
  CHECK(seen[0] > 15);
  CHECK(seen[1] > 15);
  CHECK(seen[2] > 15);
}

TEST_CASE("the same data give the same verdict, in whatever order the series come", "[property]") {
  const GateSet gates = gates_of(
      "p99: {expect: 'p99(response_time) < 500ms', during: [ramp, peak]}\nlag: {lag: {group: ledger, age: < 30s}}\n",
      context_of(SyntheticRun()));
  for (std::uint64_t index = 0; index < 5; ++index) {
    const SyntheticRun run = random_run(index);
    record::SeriesSet forward = run.series(), backward = run.series();
    std::reverse(backward.series.begin(), backward.series.end());
    const auto one = judge(run.info, gates, forward, run.events, run.findings);
    const auto other = judge(run.info, gates, backward, run.events, run.findings);
    CHECK(json::serialize(to_json(one)) == json::serialize(to_json(other)));
  }
}
