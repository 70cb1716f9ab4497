// Whether the generator, its probes and the machine were fit to judge by.

#include "tests/unit/gates/fixture.hpp"

using namespace tidegate;
using namespace tidegate::gates;

TEST_CASE("validity withholds a PASS and excuses no FAIL", "[validity]") {
  const std::string gate = "ack: {expect: 'p99(response_time{name=create_payment}) < 500ms'}";
  const JudgedRow rows[] = {
      {"healthy", [](SyntheticRun&) {}, "PASS", 0, ""},
      {"late", [](SyntheticRun& run) { run.count(record::kLateIterations, SyntheticRun::flow_tags(), 12, 60); },
       "INCONCLUSIVE", 98,
       "validity: 2.22 % of the schedule was late or unsent (60 late by over 5 ms, 0 dropped or unsent of 2700; limit "
       "1 %)"},
      {"late in the warm-up",
       [](SyntheticRun& run) { run.count(record::kLateIterations, SyntheticRun::flow_tags(), 1, 100); }, "PASS", 0, ""},
      {"dropped", [](SyntheticRun& run) { run.drop(12, 13, 30); }, "INCONCLUSIVE", 98, "30 dropped or unsent"},
      {"never sent",
       [](SyntheticRun& run) { run.count(record::kScheduledIterations, SyntheticRun::flow_tags(), 12, 40); },
       "INCONCLUSIVE", 98, "40 dropped or unsent"},
      {"never scheduled",
       [](SyntheticRun& run) {
         for (const auto m :
              {record::kScheduledIterations, record::kIterations, record::kResponseTime, record::kResponseTimeFromSend})
           run.erase(m, 25, 30);
       },
       "INCONCLUSIVE", 98, "only 2200 of about 2700 planned arrivals"},
      {"a busy loop",
       [](SyntheticRun& run) {
         for (int s = 3; s < 30; ++s) run.gauge(record::kGeneratorCpu, {{"loop", "0"}}, s, 0.97);
       },
       "INCONCLUSIVE", 98, "a load loop used 97 % of its core (limit 90 %)"},
      {"the busier of two loops",
       [](SyntheticRun& run) {
         for (int s = 3; s < 30; ++s) run.gauge(record::kGeneratorCpu, {{"loop", "1"}}, s, 0.97);
       },
       "INCONCLUSIVE", 98, "97 %"},
      {"nobody measured the loop", [](SyntheticRun& run) { run.erase(record::kGeneratorCpu, 0, 99); }, "INCONCLUSIVE",
       98, "CPU was not recorded"},
      {"starved",
       [](SyntheticRun& run) {
         for (int s = 3; s < 30; ++s) run.gauge(record::kGeneratorRunQueueWait, {{"loop", "0"}}, s, 0.2);
       },
       "INCONCLUSIVE", 98, "waited 20 % of the time for a core"},
      {"a silent probe",
       [](SyntheticRun& run) {
         run.count(record::kProbeSilent, {{"probe", "lag:ledger"}}, 12, 3);
       },
       "INCONCLUSIVE", 98, "probe lag:ledger was silent for 3 s"},
      {"a short silence",
       [](SyntheticRun& run) {
         run.count(record::kProbeSilent, {{"probe", "lag:ledger"}}, 12, 1);
       },
       "PASS", 0, ""},
      {"every iteration failed", [](SyntheticRun& run) { run.fail_requests(3, 30, 100); }, "FAIL", 99,
       "no iteration succeeded"},
      {"a FAIL beside a bad generator",
       [](SyntheticRun& run) {
         run.slow(3, 30, 900'000);
         run.count(record::kLateIterations, SyntheticRun::flow_tags(), 12, 60);
       },
       "FAIL", 99, "ack: "},
  };
  for (const JudgedRow& row : rows) check(row, gate);
}

TEST_CASE("validity says when the machine was full, or given to others, and withholds nothing for it", "[validity]") {
  const auto reasons = [](double busy, double stolen) {
    SyntheticRun run;
    for (int s = 3; s < 30; ++s) {
      run.gauge(record::kMachineBusy, {}, s, busy);
      run.gauge(record::kMachineStolen, {}, s, stolen);
    }
    const record::Verdict verdict = judged(run, "ack: {expect: 'p99(response_time{name=create_payment}) < 500ms'}");
    CHECK(outcome_of(verdict) == "PASS");
    CHECK(verdict.validity.machine_busy == Approx(busy));
    CHECK(verdict.validity.machine_stolen == Approx(stolen));
    return lines(verdict.validity.reasons);
  };
  CHECK(reasons(0.9, 0.009).empty());
  CHECK_THAT(reasons(0.5, 0.031), Catch::Contains("the hypervisor gave 3.1 % of the machine's time to others"));
  CHECK_THAT(reasons(0.99, 0), Catch::Contains("no processor time left"));
  CHECK_THAT(reasons(0.95, 0.04), Catch::Contains("no processor time left"));
  CHECK_THAT(reasons(0.5, 0.031), !Catch::Contains("no processor time left"));
}

TEST_CASE("validity reports its figures, and every limit that was widened", "[validity]") {
  SyntheticRun run;
  run.drop(12, 13, 30);
  const record::Validity strict = judged(run, R"(
ack_p99: {expect: 'p99(response_time{name=create_payment}) < 500ms', during: [ramp, peak]}
ledger_lag: {lag: {group: ledger, age: < 30s}}
)")
                                      .validity;
  CHECK(strict.outcome == Outcome::inconclusive);
  CHECK(strict.offered_per_s == Approx(100));
  CHECK(strict.achieved_per_s == Approx((2700 - 30) / 27.0));
  CHECK(strict.dropped_iterations == 30);
  CHECK(strict.generator_cpu == Approx(0.3));
  CHECK(strict.run_queue_wait == Approx(0.005));
  CHECK(strict.lateness_p99_s == Approx(80e-6).epsilon(0.01));
  CHECK(strict.tick_s == 0);
  CHECK(strict.machine_busy == 0);  // not recorded
  const record::Verdict widened = judged(run, "ack: {expect: 'p99 < 500ms', confidence: none}", "{late_or_unsent: 5%}");
  INFO(lines(widened.reasons));
  CHECK(widened.validity.outcome == Outcome::pass);
  CHECK(lines(widened.validity.reasons) == "limit late_or_unsent widened to 5 % (default 1 %)\n");
}
