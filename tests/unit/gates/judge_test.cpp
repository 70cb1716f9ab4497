// The verdict as a whole: precedence, what no gate has to ask for, faults.

#include "gates/judge.hpp"

#include <functional>

#include "gates/lag_metrics.hpp"
#include "gates/precedence.hpp"
#include "tests/unit/gates/fixture.hpp"

using namespace tidegate;
using namespace tidegate::gates;

namespace {

const std::string kGates = R"(
ack_p99: {expect: 'p99(response_time{name=create_payment}) < 500ms', during: [ramp, peak]}
ledger_lag: {lag: {group: ledger, age: < 30s}}
)";

/// Faults planned, and expected to be noticed.
GateSet with_faults(const std::string& gates, std::vector<std::string> faults,
                    std::vector<FaultExpectation> expect = {}) {
  GateSet set = gates_of(gates, context_of(SyntheticRun()));
  set.faults = std::move(faults);
  set.expectations = std::move(expect);
  return set;
}

}  // namespace

TEST_CASE("precedence of outcomes", "[judge]") {
  const Finding pass{Outcome::pass, false, "p"}, warn{Outcome::warn, false, "w"},
      doubt{Outcome::inconclusive, false, "i"}, late{Outcome::fail, false, "late"}, error{Outcome::error, false, "e"},
      firm{Outcome::fail, true, "firm"}, unasked{Outcome::not_asked, false, "n"};
  struct Case {
    std::vector<Finding> findings;
    Outcome want;
    int code;
    int strict;
  };
  const Case cases[] = {
      {{}, Outcome::pass, 0, 0},
      {{pass, unasked}, Outcome::pass, 0, 0},
      {{pass, warn}, Outcome::warn, 0, 99},
      {{warn, doubt}, Outcome::inconclusive, 98, 98},
      {{doubt, late}, Outcome::fail, 99, 99},
      {{late, error}, Outcome::error, 97, 97},
      {{error, firm}, Outcome::fail, 99, 99},
      {{pass, warn, doubt, late, error, firm}, Outcome::fail, 99, 99},
      {{doubt, error}, Outcome::error, 97, 97},
  };
  for (const Case& one : cases) {
    const Decision decision = decide(one.findings);
    CHECK(decision.outcome == one.want);
    CHECK(exit_code_of(decision.outcome) == one.code);
    CHECK(exit_code_of(decision.outcome, true) == one.strict);
  }
  // The decisive reason comes first, passes are not told.
  CHECK(decide({warn, pass, late, error, firm, doubt}).reasons ==
        std::vector<std::string>{"firm", "e", "late", "i", "w"});
}

TEST_CASE("what a run says by itself", "[judge]") {
  const JudgedRow rows[] = {
      {"healthy", [](SyntheticRun&) {}, "PASS", 0, ""},
      {"a process died",
       [](SyntheticRun& run) {
         run.event(19.2, "process_exited", {{"process", "ledger"}, {"status", "killed by SIGSEGV"}, {"asked", false}});
       },
       "FAIL", 99, "process ledger died unasked at 19.2 s: killed by SIGSEGV"},
      {"a process was killed by a fault",
       [](SyntheticRun& run) {
         run.event(19, "process_exited", {{"process", "ledger"}, {"status", "killed by SIGKILL"}, {"asked", true}});
       },
       "PASS", 0, ""},
      {"nobody knows who asked",
       [](SyntheticRun& run) {
         run.event(19, "process_exited", {{"process", "ledger"}});
       },
       "FAIL", 99, "died unasked"},
      {"a process died before load",
       [](SyntheticRun& run) {
         run.event(-2, "process_exited", {{"process", "ledger"}, {"asked", false}});
       },
       "ERROR", 97, "process ledger exited before load started"},
      {"a harness error",
       [](SyntheticRun& run) {
         run.event(-1, "harness_error", {{"message", "the stack never became ready"}});
       },
       "ERROR", 97, "harness error at -1.0 s: the stack never became ready"},
      {"a probe failed",
       [](SyntheticRun& run) {
         run.event(12, "probe_failed", {{"probe", "lag"}, {"message", "no client"}});
       },
       "ERROR", 97, "probe lag failed at 12.0 s: no client"},
      {"not drained",
       [](SyntheticRun& run) {
         run.erase_events("drain_ended");
         run.event(34, "drain_ended", {{"drained", false}, {"seconds", 60.0}, {"open", 3}});
       },
       "FAIL", 99, "the system did not drain within 60 s: 3 open"},
      {"records lost",
       [](SyntheticRun& run) {
         run.count(kLagLostRecords, {{"group", "ledger"}, {"partition", "3"}, {"topic", "payments"}}, 12, 120);
       },
       "FAIL", 99, "group ledger lost 120 records of payments/3"},
      {"records lost, with offsets",
       [](SyntheticRun& run) {
         run.count(kLagLostRecords, {{"group", "ledger"}, {"partition", "3"}, {"topic", "payments"}}, 12, 120);
         run.event(
             12, std::string(kRecordsLostEvent),
             {{"group", "ledger"}, {"topic", "payments"}, {"partition", 3}, {"committed", 40}, {"low_watermark", 160}});
       },
       "FAIL", 99, "committed offset 40 lies below the lowest one, 160"},
      {"records evicted by a broker that evicts",
       [](SyntheticRun& run) {
         run.count(record::kLagEvicted, {{"group", "ledger"}, {"partition", "3"}, {"topic", "payments"}}, 12, 120);
       },
       "PASS", 0, ""},
      {"a broken checker that no gate names",
       [](SyntheticRun& run) {
         (*run.findings)[1] = {"no_double_charge", "false", 5, "key k charged twice", {}};
       },
       "FAIL", 99, "audit: no_double_charge is broken: key k charged twice"},
      {"interrupted",
       [](SyntheticRun& run) {
         run.event(20, "interrupted", {{"signal", "SIGINT"}});
       },
       "INCONCLUSIVE", 105, "the run was interrupted"},
      {"interrupted after it had failed",
       [](SyntheticRun& run) {
         run.slow(3, 30, 900'000);
         run.event(20, "interrupted", {{"signal", "SIGINT"}});
       },
       "FAIL", 105, "ack_p99"},
      {"killed", [](SyntheticRun& run) { run.cut_at(25); }, "INCONCLUSIVE", 98, "its data end at 25.0 s"},
      {"killed after the end of load", [](SyntheticRun& run) { run.events.cut_short = true; }, "INCONCLUSIVE", 98,
       "cut short"},
      {"series torn", [](SyntheticRun& run) { run.series_cut_short = true; }, "INCONCLUSIVE", 98,
       "the file ends inside a block"},
      {"killed after it had failed",
       [](SyntheticRun& run) {
         run.slow(3, 30, 900'000);
         run.cut_at(25);
       },
       "FAIL", 99, "ack_p99 during peak"},
  };
  for (const JudgedRow& row : rows) {
    const record::Verdict verdict = check(row, kGates);
    INFO(row.what << "\n" << lines(verdict.reasons));
    if (std::string(row.want) == "PASS") CHECK(verdict.reasons.empty());
  }
}

TEST_CASE("a FAIL stands beside a harness error when it came before it, or has nothing to do with it", "[judge]") {
  const auto error_at = [](SyntheticRun& run, double at) {
    run.event(at, "harness_error", {{"message", "the agent is gone"}});
  };
  const JudgedRow rows[] = {
      {"failed before",
       [&](SyntheticRun& run) {
         run.slow(10, 20, 900'000);
         error_at(run, 20);
       },
       "FAIL", 99, "ack_p99"},
      {"failed after",
       [&](SyntheticRun& run) {
         run.slow(20, 30, 900'000);
         error_at(run, 20);
       },
       "ERROR", 97, "the agent is gone"},
      {"passed", [&](SyntheticRun& run) { error_at(run, 20); }, "ERROR", 97, "the agent is gone"},
      {"a dead process is never masked",
       [&](SyntheticRun& run) {
         error_at(run, 5);
         run.event(19, "process_exited", {{"process", "ledger"}, {"asked", false}});
       },
       "FAIL", 99, "died unasked"},
      {"a broken checker is never masked",
       [&](SyntheticRun& run) {
         error_at(run, 5);
         (*run.findings)[0].outcome = "false";
       },
       "FAIL", 99, "no_lost_acks"},
      {"lost records are never masked",
       [&](SyntheticRun& run) {
         error_at(run, 5);
         run.count(kLagLostRecords, {{"group", "ledger"}, {"partition", "3"}, {"topic", "payments"}}, 12, 1);
       },
       "FAIL", 99, "lost 1 records"},
      {"what did not drain after an error",
       [&](SyntheticRun& run) {
         error_at(run, 5);
         run.event(34, "drain_ended", {{"drained", false}});
       },
       "ERROR", 97, ""},
      // A lag probe has no part in a percentile of answers.
      {"the lag probe failed, answers did too",
       [](SyntheticRun& run) {
         run.slow(20, 30, 900'000);
         run.event(5, "probe_failed", {{"probe", "lag:ledger"}, {"message", "x"}});
       },
       "FAIL", 99, "ack_p99"},
      {"the lag probe failed, and then the lag",
       [](SyntheticRun& run) {
         run.lag(20, 30, 60, 9);
         run.event(5, "probe_failed", {{"probe", "lag"}, {"message", "x"}});
       },
       "ERROR", 97, "ledger_lag"},
  };
  for (const JudgedRow& row : rows) check(row, kGates);
}

TEST_CASE("faults are judged without being asked", "[faults]") {
  const std::string gates =
      kGates + "back: {recovery: {of: lag(ledger).age, to: < 2s, within: 10s, after: bank_slow}}\n";
  SyntheticRun run;
  run.fault("bank_slow", 14, 18, 718);
  run.lag(15, 21, 10, 100);
  const record::Verdict verdict = judged(run, with_faults(gates, {"bank_slow"}));
  INFO(lines(verdict.reasons));
  CHECK(outcome_of(verdict) == "PASS");
  REQUIRE(verdict.faults.size() == 1);
  const record::FaultResult& fault = verdict.faults[0];
  CHECK(fault.name == "bank_slow");
  CHECK(fault.injected_s == Approx(14));
  CHECK(fault.healed_s == Approx(18));
  CHECK(fault.hits == 718);
  CHECK(fault.time_to_recover_s == Approx(3));
  CHECK_FALSE(fault.time_to_detect_s);
}

TEST_CASE("without a recovery gate, all gates together tell when a fault's effect is over", "[faults]") {
  SyntheticRun run;
  run.fault("bank_slow", 14, 18, 9);
  run.slow(14, 20, 900'000);
  run.lag(14, 21, 60, 100);
  CHECK(judged(run, with_faults(kGates, {"bank_slow"})).faults[0].time_to_recover_s == Approx(3));
  run.lag(23, 24, 60, 100);  // out again before the hold time was over
  CHECK(judged(run, with_faults(kGates, {"bank_slow"})).faults[0].time_to_recover_s == Approx(6));
  run.lag(23, 99, 60, 100);
  CHECK_FALSE(judged(run, with_faults(kGates, {"bank_slow"})).faults[0].time_to_recover_s);
}

TEST_CASE("a fault that did not work is an error, unless a gate had failed by then", "[faults]") {
  const JudgedRow rows[] = {
      {"hit nothing", [](SyntheticRun& run) { run.fault("bank_slow", 14, 18, 0); }, "ERROR", 97,
       "fault bank_slow: hit nothing"},
      {"hit nothing in a system that had collapsed",
       [](SyntheticRun& run) {
         run.slow(10, 30, 900'000);
         run.fault("bank_slow", 14, 18, 0);
       },
       "FAIL", 99, "hit nothing"},
      {"hit nothing, and a gate failed later",
       [](SyntheticRun& run) {
         run.slow(20, 30, 900'000);
         run.fault("bank_slow", 14, 18, 0);
       },
       "ERROR", 97, "hit nothing"},
      {"never injected", [](SyntheticRun&) {}, "ERROR", 97, "fault bank_slow: was never injected"},
      {"could not be injected",
       [](SyntheticRun& run) {
         run.event(14, "fault_failed", {{"fault", "bank_slow"}, {"message", "no such link"}});
       },
       "ERROR", 97, "could not be injected: no such link"},
      {"broke off",
       [](SyntheticRun& run) {
         run.event(14, "fault_injected", {{"fault", "bank_slow"}});
         run.event(18, "fault_failed", {{"fault", "bank_slow"}, {"message", "agent gone"}});
       },
       "ERROR", 97, "broke off: agent gone"},
      {"was not healed",
       [](SyntheticRun& run) {
         run.event(14, "fault_injected", {{"fault", "bank_slow"}});
         run.event(17, "fault_hits", {{"fault", "bank_slow"}, {"hits", 5}});
       },
       "ERROR", 97, "was not healed"},
      {"the run was killed during it",
       [](SyntheticRun& run) {
         run.fault("bank_slow", 14, 18, 5);
         run.cut_at(16);
       },
       "INCONCLUSIVE", 98, "the run ended before its heal"},
      {"the run was killed before it", [](SyntheticRun& run) { run.cut_at(12); }, "INCONCLUSIVE", 98,
       "was never injected"},
  };
  for (const JudgedRow& row : rows) check(row, with_faults(kGates, {"bank_slow"}));
}

TEST_CASE("the gate that a fault expects must notice it in time", "[faults]") {
  // The gate looks at the ramp only; its seconds are examined from the injection on all the same, and fail nothing.
  const std::string gates = "ack: {expect: 'p99(response_time{name=create_payment}) < 500ms', during: ramp}";
  const GateSet set = with_faults(gates, {"bank_slow"}, {{"bank_slow", "ack", std::chrono::seconds(3), {}}});
  struct DetectRow {
    const char* what;
    std::function<void(SyntheticRun&)> change;
    const char* want;
    std::optional<double> detected;
    std::optional<double> recovered;
    const char* in_reasons;
  };
  const DetectRow rows[] = {
      {"in the first second", [](SyntheticRun& run) { run.slow(14, 18, 900'000); }, "PASS", 1.0, 0.0, ""},
      {"in the third", [](SyntheticRun& run) { run.slow(16, 20, 900'000); }, "PASS", 3.0, 2.0, ""},
      {"too late", [](SyntheticRun& run) { run.slow(17, 20, 900'000); }, "FAIL", 4.0, 2.0,
       "fault bank_slow: ack noticed it only after 4 s, limit 3 s"},
      {"never", [](SyntheticRun&) {}, "FAIL", std::nullopt, 0.0, "ack did not notice it within 3 s"},
      {"before it does not count", [](SyntheticRun& run) { run.slow(12, 13, 900'000); }, "FAIL", std::nullopt, 0.0,
       "did not notice"},
      {"nobody looked",
       [](SyntheticRun& run) {
         run.erase(record::kResponseTime, 14, 18);
         run.erase(record::kResponseTimeFromSend, 14, 18);
       },
       "INCONCLUSIVE", std::nullopt, 0.0, "some of those seconds had no samples"},
  };
  for (const DetectRow& row : rows) {
    SyntheticRun run;
    row.change(run);
    run.fault("bank_slow", 14, 18, 9);
    const record::Verdict verdict = judged(run, set);
    INFO(row.what << "\n" << lines(verdict.reasons));
    CHECK(outcome_of(verdict) == row.want);
    REQUIRE(verdict.faults.size() == 1);
    CHECK(verdict.faults[0].time_to_detect_s.has_value() == row.detected.has_value());
    if (row.detected && verdict.faults[0].time_to_detect_s)
      CHECK(*verdict.faults[0].time_to_detect_s == Approx(*row.detected));
    if (row.recovered && verdict.faults[0].time_to_recover_s)
      CHECK(*verdict.faults[0].time_to_recover_s == Approx(*row.recovered));
    CHECK_THAT(lines(verdict.reasons), Catch::Contains(row.in_reasons));
  }
}

TEST_CASE("gates are judged per fault window", "[faults]") {
  const std::string gates =
      "ack: {expect: 'p99(response_time) < 500ms', during: ['before:bank_slow', 'during:bank_slow', "
      "'recovering:bank_slow', 'after:bank_slow']}\n"
      "back: {recovery: {of: lag(ledger).age, to: < 2s, within: 10s, after: bank_slow}}";
  SyntheticRun run(400);
  run.fault("bank_slow", 14, 18, 718);
  run.lag(15, 21, 10, 100);
  run.slow(14, 18, 900'000);
  const record::Verdict verdict = judged(run, with_faults(gates, {"bank_slow"}));
  REQUIRE(verdict.gates.size() == 5);
  CHECK(verdict.gates[0].outcome == Outcome::pass);
  CHECK(verdict.gates[0].samples == 11 * 400);
  CHECK(verdict.gates[1].outcome == Outcome::fail);
  CHECK(verdict.gates[1].samples == 4 * 400);
  CHECK(verdict.gates[2].outcome == Outcome::pass);
  CHECK(verdict.gates[2].samples == 3 * 400);  // healed at 18, steady at 21
  CHECK(verdict.gates[3].samples == 9 * 400);
  CHECK_THAT(lines(verdict.reasons), Catch::Contains("ack during bank_slow: p99 900 ms"));
  // Never steady: there is no after to judge.
  run.lag(15, 60, 10, 100);
  const record::Verdict unsteady = judged(run, with_faults(gates, {"bank_slow"}));
  CHECK(unsteady.gates[3].outcome == Outcome::inconclusive);
  CHECK(unsteady.gates[4].outcome == Outcome::fail);
}

TEST_CASE("a run without gates is not judged, but what went wrong is said", "[judge]") {
  SyntheticRun run;
  const record::Verdict quiet = judged(run, GateSet{});
  CHECK(verdict_word(quiet) == "NOT JUDGED");
  CHECK(quiet.exit_code == 0);
  CHECK_THAT(lines(quiet.reasons), Catch::Contains("not judged"));
  run.event(19, "process_exited", {{"process", "ledger"}, {"asked", false}});
  CHECK(judged(run, GateSet{}).exit_code == 99);
  SyntheticRun broken;
  broken.event(-1, "harness_error", {{"message", "no disk"}});
  CHECK(judged(broken, GateSet{}).exit_code == 97);
  SyntheticRun killed;
  killed.cut_at(10);
  CHECK(judged(killed, GateSet{}).exit_code == 98);
}
