// lag, budget, recovery, audit and compare gates.

#include <functional>

#include "gates/lag_metrics.hpp"
#include "tests/unit/gates/fixture.hpp"

using namespace tidegate;
using namespace tidegate::gates;

namespace {

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

void undefined_partitions(SyntheticRun& run, std::int32_t from, std::int32_t to) {
  for (std::int32_t second = from; second < to; ++second) {
    run.gauge(kLagUndefinedPartitions, SyntheticRun::lag_tags(), second, 1);
  }
}

}  // namespace

TEST_CASE("a lag gate counts one-second slices", "[lag]") {
  const std::string age = "lag: {lag: {group: ledger, age: < 30s, objective: 90%}}";
  check_rows({
      {"no lag", [](SyntheticRun&) {}, age, Outcome::pass,
       "age of group ledger < 30 s in 27 of 27 seconds (objective 90 %)"},
      // 2 of 27 seconds are 7.4 %, 3 are 11.1 %.
      {"within the objective", [](SyntheticRun& run) { run.lag(12, 14, 40, 5); }, age, Outcome::pass, "25 of 27"},
      {"beyond the objective", [](SyntheticRun& run) { run.lag(12, 15, 40, 5); }, age, Outcome::fail,
       "24 of 27 seconds"},
      {"at the limit is not below it", [](SyntheticRun& run) { run.lag(12, 15, 30, 5); }, age, Outcome::fail,
       "24 of 27"},
      {"over the hard maximum", [](SyntheticRun& run) { run.lag(12, 13, 130, 5); },
       "lag: {lag: {group: ledger, age: < 30s, objective: 90%, maximum: 2m}}", Outcome::fail,
       "over the maximum of 2 min"},
      {"records", [](SyntheticRun& run) { run.lag(12, 20, 1, 5000); }, "lag: {lag: {group: ledger, records: < 1000}}",
       Outcome::fail, "highest 5,000 records"},
      {"read age", [](SyntheticRun&) {}, "lag: {lag: {group: ledger, read_age: < 1s}}", Outcome::pass, "read_age"},
      {"one window", [](SyntheticRun& run) { run.lag(3, 10, 40, 5); },
       "lag: {lag: {group: ledger, age: < 30s}, during: peak}", Outcome::pass, "20 of 20"},
  });
}

TEST_CASE("a lag that is not known is not a lag of zero", "[lag]") {
  const std::string age = "lag: {lag: {group: ledger, age: < 30s, objective: 90%}}";
  check_rows({
      {"never sampled", [](SyntheticRun& run) { run.no_lag_samples(0, 99); }, age, Outcome::inconclusive,
       "no sample of group ledger's lag"},
      {"some seconds missing", [](SyntheticRun& run) { run.no_lag_samples(12, 14); }, age, Outcome::pass,
       "2 seconds unknown"},
      {"too many missing", [](SyntheticRun& run) { run.no_lag_samples(12, 18); }, age, Outcome::inconclusive,
       "too many seconds are unknown"},
      {"bad ones decide beside missing ones",
       [](SyntheticRun& run) {
         run.no_lag_samples(12, 18);
         run.lag(18, 24, 40, 1);
       },
       age, Outcome::fail, "6 seconds unknown"},
      {"never committed", [](SyntheticRun& run) { undefined_partitions(run, 0, 40); }, age, Outcome::inconclusive,
       "never committed on a partition that holds records"},
      // A floor over the limit is known to be bad, undefined partition or not.
      {"never committed on one partition, late on another",
       [](SyntheticRun& run) {
         undefined_partitions(run, 0, 40);
         run.lag(10, 20, 60, 5);
       },
       age, Outcome::fail, "in 0 of 27"},
      {"not a number",
       [](SyntheticRun& run) {
         for (int s = 3; s < 30; ++s)
           run.gauge(record::kLagAge, SyntheticRun::lag_tags(), s, std::numeric_limits<double>::quiet_NaN());
       },
       age, Outcome::inconclusive, "no sample"},
      {"a hard maximum wants every second", [](SyntheticRun& run) { run.no_lag_samples(12, 14); },
       "lag: {lag: {group: ledger, age: < 30s, objective: 90%, maximum: 2m}}", Outcome::inconclusive, "unknown"},
  });
}

TEST_CASE("a second between two samples is bounded by them, since an age grows by a second a second", "[lag]") {
  const std::string all = "lag: {lag: {group: ledger, age: < 30s, objective: 100%}}";
  const auto around = [](double age, double next) {
    return [=](SyntheticRun& run) {
      run.no_lag_samples(12, 13);
      run.lag(11, 12, age, 5);
      run.lag(13, 14, next, 5);
    };
  };
  check_rows({
      {"far below the limit", around(3, 4), all, Outcome::pass, "27 of 27 seconds"},
      {"it can have been over", around(29, 1), all, Outcome::inconclusive, "1 second unknown"},
      {"set back in between", around(3, 20), all, Outcome::inconclusive, "1 second unknown"},
      {"two seconds are not bounded", [](SyntheticRun& run) { run.no_lag_samples(12, 14); }, all, Outcome::inconclusive,
       "2 seconds unknown"},
      {"below the hard maximum", around(3, 4), "lag: {lag: {group: ledger, age: < 30s, maximum: 10s}}", Outcome::pass,
       "27 of 27 seconds"},
      {"it can have been over the hard maximum", around(9, 9), "lag: {lag: {group: ledger, age: < 30s, maximum: 10s}}",
       Outcome::inconclusive, "1 second unknown"},
      {"records may come and go", [](SyntheticRun& run) { run.no_lag_samples(12, 13); },
       "lag: {lag: {group: ledger, records: < 1000, objective: 100%}}", Outcome::inconclusive, "1 second unknown"},
  });
}

TEST_CASE("the worst of a group's topics counts", "[lag]") {
  SyntheticRun run;
  record::Tags other = {{"group", "ledger"}, {"partition", "all"}, {"topic", "acquiring"}};
  for (int second = 0; second < 35; ++second) run.gauge(record::kLagAge, other, second, 50);
  CHECK(judged(run, "lag: {lag: {group: ledger, age: < 30s}}").gates[0].outcome == Outcome::fail);
  CHECK(judged(run, "lag: {lag: {group: ledger, topic: payments, age: < 30s}}").gates[0].outcome == Outcome::pass);
  const auto lag = judged(run, "lag: {lag: {group: ledger, age: < 30s}}").lag;
  REQUIRE(lag.size() == 2);
  CHECK(lag[0].topic == "acquiring");
  CHECK(lag[0].max_age_s == Approx(50));
  CHECK(lag[1].max_records == 3);
}

TEST_CASE("a budget is a burn rate with bounds", "[budget]") {
  const std::string ninety_nine =
      "slo: {budget: {objective: 99%, of: create_payment, good: expected and response_time < 800ms}}";
  check_rows({
      {"nothing bad", [](SyntheticRun&) {}, ninety_nine, Outcome::pass,
       "burn rate 0 [0, 0.111] is at most 1 at 99 % (0 bad of 2,700 samples"},
      // 200 of 2,700 are 7.4 %: 7.4 times what the objective allows; 720 h / 7.41 = 97.2 h.
      {"failed", [](SyntheticRun& run) { run.fail_requests(10, 30, 10); }, ninety_nine, Outcome::fail,
       "if production ran like this for 1 h, it would spend 1.03 % of a 30-day budget; exhausted in 97.2 h"},
      {"slow", [](SyntheticRun& run) { run.slow(10, 12, 900'000); }, ninety_nine, Outcome::fail, "200 bad of 2,700"},
      {"slow but under its own limit", [](SyntheticRun& run) { run.slow(10, 12, 700'000); }, ninety_nine, Outcome::pass,
       "0 bad"},
      {"quick errors are bad too", [](SyntheticRun& run) { run.fail_requests(10, 30, 10, 10); }, ninety_nine,
       Outcome::fail, "is over 1"},
      {"expected alone", [](SyntheticRun& run) { run.slow(10, 30, 5'000'000); },
       "slo: {budget: {objective: 99%, of: create_payment, good: expected}}", Outcome::pass, "0 bad"},
      {"a faster burn allowed", [](SyntheticRun& run) { run.fail_requests(10, 30, 10); },
       "slo: {budget: {objective: 99%, of: create_payment, max_burn: 14.4}}", Outcome::pass, "at most 14.4"},
      {"close to the limit", [](SyntheticRun& run) { run.fail_requests(10, 11, 27); }, ninety_nine,
       Outcome::inconclusive, "the bounds lie on both sides"},
      {"dropped arrivals", [](SyntheticRun& run) { run.drop(10, 30, 10); }, ninety_nine, Outcome::inconclusive,
       "the generator owes 200"},
      {"no samples", [](SyntheticRun& run) { run.erase_all(); }, ninety_nine, Outcome::inconclusive, "no samples"},
      {"of a poll", [](SyntheticRun&) {},
       "slo: {budget: {objective: 99%, of: payment_settled, good: expected and payment_settled < 1s}}", Outcome::pass,
       "burn rate 0"},
      {"one window", [](SyntheticRun& run) { run.fail_requests(3, 10, 100); },
       "slo: {budget: {objective: 99%, of: create_payment}, during: peak}", Outcome::pass, "0 bad of 2,000"},
  });
}

TEST_CASE("a budget is projected in the words of the reference", "[budget]") {
  // A burn rate of 15.12 spends 2.1 % of a 30-day budget in an hour; exhausted in 47.6 h.
  SyntheticRun run;
  run.fail_requests(3, 30, 15);
  const auto gate = judged(run, "slo: {budget: {objective: 99%, of: create_payment}}").gates[0];
  CHECK(gate.value == Approx(15));
  CHECK(gate.limit == Approx(1));
  CHECK_THAT(gate.reason, Catch::Contains("2.08 % of a 30-day budget; exhausted in 48 h"));
}

TEST_CASE("recovery is the time from the heal until the signal stays inside its limit", "[recovery]") {
  const std::string gate = "back: {recovery: {of: lag(ledger).age, to: < 2s, within: 5s, after: bank_slow}}";
  const auto lagging = [](std::int32_t from, std::int32_t to) {
    return [=](SyntheticRun& run) {
      run.fault("bank_slow", 14, 18, 700);
      run.lag(from, to, 10, 100);
    };
  };
  check_rows({
      {"never out", lagging(0, 0), gate, Outcome::pass, "again 0 us after the heal"},
      {"back after three seconds", lagging(15, 21), gate, Outcome::pass,
       "lag(ledger).age < 2 s again 3 s after the heal of bank_slow, within 5 s"},
      {"back at the last moment", lagging(15, 23), gate, Outcome::pass, "again 5 s after"},
      {"back too late", lagging(15, 24), gate, Outcome::fail, "again only 6 s after"},
      {"never back",
       [](SyntheticRun& run) {
         run.fault("bank_slow", 14, 18, 700);
         run.lag(15, 60, 10, 100);
         run.erase_events("drain_ended");
       },
       gate, Outcome::fail, "not lag(ledger).age < 2 s within 5 s of the heal of bank_slow, nor later"},
      // Back for four seconds only: shorter than the hold time.
      {"back, and out again",
       [](SyntheticRun& run) {
         run.fault("bank_slow", 14, 18, 700);
         run.lag(15, 19, 10, 100);
         run.lag(23, 24, 10, 100);
       },
       gate, Outcome::fail, "again only 6 s after"},
      {"never injected", [](SyntheticRun&) {}, gate, Outcome::inconclusive, "was never injected"},
      {"of a percentile",
       [](SyntheticRun& run) {
         run.fault("bank_slow", 14, 18, 700);
         run.slow(14, 20, 900'000);
       },
       "back: {recovery: {of: 'p99(response_time{name=create_payment})', to: < 500ms, within: 5s, after: bank_slow}}",
       Outcome::pass, "again 2 s after"},
      {"with a longer hold",
       [](SyntheticRun& run) {
         run.fault("bank_slow", 14, 18, 700);
         run.slow(25, 26, 900'000);
       },
       "back: {recovery: {of: p99(response_time), to: < 500ms, within: 5s, after: bank_slow, hold: 8s}}", Outcome::fail,
       "not p99"},
  });
}

TEST_CASE("a recovery that nobody watched is unknown", "[recovery]") {
  const std::string gate = "back: {recovery: {of: lag(ledger).age, to: < 2s, within: 5s, after: bank_slow}}";
  SyntheticRun run;
  run.fault("bank_slow", 14, 18, 700);
  run.no_lag_samples(16, 99);
  run.erase_events("drain_ended");
  const auto gate_result = judged(run, gate).gates[0];
  INFO(gate_result.reason);
  CHECK(gate_result.outcome == Outcome::inconclusive);
  // A drain that ended with everything drained says that nothing lags from then on, here too late: at 32 s.
  SyntheticRun drained;
  drained.fault("bank_slow", 14, 18, 700);
  drained.lag(15, 30, 10, 100);
  drained.no_lag_samples(30, 99);
  CHECK(judged(drained, gate).gates[0].outcome == Outcome::fail);
  CHECK(judged(drained, gate).gates[0].value == Approx(14));
}

TEST_CASE("an audit gate needs every checker to say true, of something", "[audit]") {
  const std::string gate = "books: {audit: [no_lost_acks, ledger_balanced]}";
  check_rows({
      {"all true", [](SyntheticRun&) {}, gate, Outcome::pass, "2 checkers hold (2,000 checked)"},
      {"one false",
       [](SyntheticRun& run) {
         (*run.findings)[2] = {"ledger_balanced", "false", 9, "debits exceed credits by 5", {}};
       },
       gate, Outcome::fail, "ledger_balanced is broken: debits exceed credits by 5"},
      {"one unknown", [](SyntheticRun& run) { (*run.findings)[2].outcome = "unknown"; }, gate, Outcome::inconclusive,
       "ledger_balanced is unknown"},
      {"false beats unknown",
       [](SyntheticRun& run) {
         (*run.findings)[0].outcome = "unknown";
         (*run.findings)[2].outcome = "false";
       },
       gate, Outcome::fail, "no_lost_acks is unknown; ledger_balanced is broken"},
      {"false of a system that had not drained",
       [](SyntheticRun& run) {
         run.erase_events("drain_ended");
         run.event(34, "drain_ended", {{"drained", false}});
         (*run.findings)[0] = {"no_lost_acks", "false", 9, "the ledger posted nothing", {}};
       },
       gate, Outcome::fail, "posted nothing; the system had not drained: what is missing may be late, not lost"},
      {"nothing checked", [](SyntheticRun& run) { (*run.findings)[0].checked = 0; }, gate, Outcome::inconclusive,
       "had nothing to check"},
      {"one missing", [](SyntheticRun& run) { run.findings->pop_back(); }, gate, Outcome::inconclusive,
       "ledger_balanced was not checked"},
      {"no audit", [](SyntheticRun& run) { run.findings.reset(); }, gate, Outcome::inconclusive,
       "the audit did not run"},
      {"a word nobody knows", [](SyntheticRun& run) { (*run.findings)[0].outcome = "yes"; }, gate,
       Outcome::inconclusive, "is unknown"},
  });
}

TEST_CASE("a comparison is not asked without a baseline, and does not count", "[compare]") {
  const std::string compare = "same: {compare: {metric: p99(response_time), allow: 10%}}";
  SyntheticRun run;
  const record::Verdict verdict = judged(run, compare + "\nack: {expect: 'p99 < 500ms'}");
  CHECK(outcome_of(verdict) == "PASS");
  CHECK(verdict.gates[0].outcome == Outcome::not_asked);
  CHECK(verdict.gates[0].reason == "no baseline was given");
  const record::Verdict alone = judged(run, compare);
  CHECK_FALSE(alone.judged);
  CHECK(alone.exit_code == 0);
  CHECK(verdict_word(alone) == "NOT JUDGED");
}
