#include "gates/gate.hpp"
#include "gates/sections.hpp"
#include "tests/unit/gates/fixture.hpp"

using namespace tidegate;
using namespace tidegate::gates;

namespace {

GateContext planned_context() {
  GateContext context = context_of(SyntheticRun());
  context.planned_faults = {{"bank_slow", 14, 18}, {"ledger_killed", 22, 23}};
  context.drain_within = std::chrono::seconds(20);
  return context;
}

}  // namespace

TEST_CASE("the gates of the reference scenario are read", "[gates]") {
  GateContext context = planned_context();
  const GateSet gates = gates_of(R"yaml(
ack_p99:
  expect: p99(response_time{name=create_payment}) < 500ms
  warn: p99(response_time{name=create_payment}) < 380ms
  during: [ramp, peak, "during:bank_slow", "after:bank_slow"]
settled_p99:
  expect: p99(payment_settled) < 5s
  during: [peak]
availability:
  budget: {objective: 99%, per: 30d, of: create_payment, good: expected and response_time < 800ms, max_burn: 1}
ledger_lag:
  lag: {group: ledger, age: < 30s, objective: 99%}
drained:
  recovery: {of: lag(ledger).age, to: < 2s, within: 15s, after: bank_slow}
books:
  audit: [no_lost_acks, no_double_charge, ledger_balanced]
no_regression:
  compare: {metric: "p99(response_time{name=create_payment})", allow: 10%}
)yaml",
                                 context);
  REQUIRE(gates.entries.size() == 7);
  CHECK(gates.entries[0].windows.size() == 4);
  CHECK(gates.entries[0].windows[2].text() == "during:bank_slow");
  CHECK(gates.entries[1].kind == "expect");
  CHECK(gates.entries[2].kind == "budget");
  CHECK(gates.entries[3].windows[0].kind == WindowReference::Kind::all);
  CHECK(gates.entries[6].kind == "compare");

  const std::vector<PlannedGate> plan = plan_gates(gates, context);
  REQUIRE(plan.size() == 10);
  CHECK(plan[0].window == "ramp");
  CHECK(plan[0].samples == 700);
  CHECK(plan[0].needed == 299);
  CHECK(plan[2].samples == 400);  // four seconds of bank_slow
  CHECK(plan[4].samples == 2000);
  CHECK(plan[5].samples == 2700);
  CHECK(plan[6].samples == 27);  // one-second slices
  CHECK(plan[6].needed == 0);
  CHECK_FALSE(plan[7].samples);
}

TEST_CASE("every mistake in the gates is found in one pass, with its place", "[gates]") {
  const std::string found = mistakes_in(R"(
one: {expect: 'p99(response_tme) < 500ms'}
two:
  expect: p99(response_time{name=create_payment}) < 500
three: {lag: {group: leger, age: < 30s}}
four: {recovery: {of: lag(ledger).age, to: < 2s, within: 15s, after: bank_slw}}
five: {expect: 'p99(response_time) < 1s', during: [peek]}
six: {audit: [no_lost_ack]}
)",
                                        context_of(SyntheticRun()));
  INFO(found);
  CHECK_THAT(found, Catch::Contains(
                        "gates.yaml:2:20: gate 'one': unknown metric 'response_tme'; did you mean 'response_time'?"));
  CHECK_THAT(found, Catch::Contains("gates.yaml:4:53: gate 'two': '500' needs a unit, such as 500ms"));
  CHECK_THAT(found,
             Catch::Contains("gates.yaml:5:22: gate 'three': unknown consumer group 'leger'; did you mean 'ledger'?"));
  CHECK_THAT(found, Catch::Contains("gate 'four': unknown fault 'bank_slw'; did you mean 'bank_slow'?"));
  CHECK_THAT(found, Catch::Contains("gate 'five': unknown phase 'peek'; did you mean 'peak'?"));
  CHECK_THAT(found, Catch::Contains("gate 'six': unknown checker 'no_lost_ack'; did you mean 'no_lost_acks'?"));
}

TEST_CASE("what a gate cannot mean is refused", "[gates]") {
  struct Row {
    const char* gate;
    const char* message;
  };
  const Row rows[] = {
      {"g: {during: peak}", "needs one of expect, lag, budget"},
      {"g: {expect: 'p99 < 1s', lag: {group: ledger, age: < 1s}}", "has both expect and lag"},
      {"g: {expcet: 'p99 < 1s'}", "expcet"},
      {"g: 'p99 < 1s'", "expected"},
      {"g: {lag: {group: ledger, age: < 1s}, warn: 'p99 < 1s'}", "warn belongs to an expect gate"},
      {"g: {expect: 'p99 < 1s', during: []}", "during names no window"},
      {"g: {expect: 'p99 < 1s', during: [peak, peak]}", "given twice"},
      {"g: {expect: 'p99 < 1s', during: 'durnig:bank_slow'}", "unknown window 'durnig:bank_slow'"},
      {"g: {expect: 'p99 < 1s', during: 'during:peak'}", "unknown fault 'peak'"},
      {"g: {audit: [no_lost_acks], during: peak}", "during does not apply to audit"},
      {"g: {recovery: {of: lag(ledger).age, to: < 2s, within: 15s, after: bank_slow}, during: peak}",
       "during does not apply"},
      {"g: {expect: 'p99 < 1s', confidence: 100%}", "confidence '100%' must be none or a share"},
      {"g: {expect: 'p99 < 1s', confidence: high}", "confidence 'high'"},
      {"g: {expect: 'p99 < 1s', min_samples: 0}", "min_samples"},
      {"g: {expect: 'p99 < 1s', during: warmup}", "has no judged second"},
      {"g: {expect: 'rate(http_req_failed) <= 0%'}", "no number of samples can prove"},
      // Plans that cannot decide.
      {"g: {expect: 'p99.9(response_time) < 1s'}", "will have about 2,700 samples and needs 2,995"},
      {"g: {expect: 'p99.9(response_time) < 1s', during: ramp}", "during ramp will have about 700 samples"},
      {"g: {expect: 'p99 < 1s', min_samples: 100000}", "needs 100,000"},
      {"g: {budget: {objective: 99.9%, of: create_payment}}", "needs 2,995"},
      {"g: {expect: 'p99(response_time) < 1s', during: 'before:bank_slow'}", ""},
      // Lag.
      {"g: {lag: {group: ledger}}", "needs age, read_age or records"},
      {"g: {lag: {group: ledger, age: < 1s, records: < 5}}", "one of age, read_age and records"},
      {"g: {lag: {group: ledger, age: 30s}}", "must start with <"},
      {"g: {lag: {group: ledger, age: < 30}}", "needs a unit"},
      {"g: {lag: {group: ledger, records: < 30s}}", "is a time; a number of records"},
      {"g: {lag: {group: ledger, age: < 30s, objective: 0%}}", "above 0%"},
      {"g: {lag: {group: ledger, age: < 30s, maximum: 5}}", "needs a unit"},
      {"g: {lag: {age: < 30s}}", "group"},
      // Budgets.
      {"g: {budget: {objective: 100%, of: create_payment}}", "leaves no budget"},
      {"g: {budget: {objective: 99%, of: create_paymnt}}", "unknown step 'create_paymnt'"},
      {"g: {budget: {objective: 99%, of: create_payment, good: response_time < 1s}}",
       "an unexpected answer is never good"},
      {"g: {budget: {objective: 99%, of: create_payment, good: expected and response_tme < 1s}}",
       "unknown time 'response_tme'"},
      {"g: {budget: {objective: 99%, of: create_payment, good: expected and response_time < 1}}", "needs a unit"},
      {"g: {budget: {objective: 99%, of: create_payment, good: expected or response_time < 1s}}", "a good event is"},
      {"g: {budget: {objective: 99%, of: create_payment, max_burn: 0}}", "max_burn must be over 0"},
      {"g: {budget: {objective: 0.999, of: create_payment}}", "share"},
      // Recovery.
      {"g: {recovery: {of: lag(ledger).agee, to: < 2s, within: 15s, after: bank_slow}}", "expected lag(GROUP).age"},
      {"g: {recovery: {of: lag(leger).age, to: < 2s, within: 15s, after: bank_slow}}",
       "unknown consumer group 'leger'"},
      {"g: {recovery: {of: lag(ledger).age, to: < 2, within: 15s, after: bank_slow}}", "needs a unit"},
      {"g: {recovery: {of: p99(response_tim), to: < 2s, within: 15s, after: bank_slow}}", "unknown metric"},
      {"g: {recovery: {of: lag(ledger).age, to: < 2s, within: 1h, after: bank_slow}}",
       "waits beyond the end of the drain"},
      {"g: {audit: []}", "names at least one checker"},
      {"g: {compare: {metric: 'p99(nothing)', allow: 10%}}", "unknown metric"},
      {"[p99]", "expected"},
  };
  for (const Row& row : rows) {
    const std::string found = mistakes_in(row.gate, planned_context());
    INFO(row.gate << "\n" << found);
    if (*row.message == '\0') {
      CHECK(found.empty());
    } else {
      CHECK_THAT(found, Catch::Contains(row.message));
    }
  }
}

TEST_CASE("a window without planned load is a mistake", "[gates]") {
  GateContext context = context_of(SyntheticRun());
  context.phases.push_back({"idle", 30, 40});
  CHECK_THAT(mistakes_in("g: {expect: 'p99 < 1s', during: idle}", context),
             Catch::Contains("during idle has no planned load"));
  context.load.clear();
  CHECK_THAT(mistakes_in("g: {expect: 'rate(http_req_failed) < 1%'}", context), Catch::Contains("has no planned load"));
  CHECK(mistakes_in("g: {lag: {group: ledger, age: < 1s}, during: idle}", context).empty());
  // How many samples a closed loop gives is not planned.
  GateContext closed = context_of(SyntheticRun(1));
  closed.load[0].open_loop = false;
  CHECK(mistakes_in("g: {expect: 'p99 < 1s'}", closed).empty());
}

TEST_CASE("a fault's expectation must name a gate that looks at seconds", "[gates]") {
  GateContext context = context_of(SyntheticRun());
  Diagnostics diagnostics;
  const yaml::Node faults = yaml::parse(
      "bank_slow: {at: 1s, expect: {gate: ledger_lga, within: 60s}}\nledger_killed: {at: 2s, expect: {gate: books, "
      "within: 1m}}",
      "faults.yaml", diagnostics);
  context.expectations = fault_expectations(faults);
  REQUIRE(context.expectations.size() == 2);
  CHECK(context.expectations[1].within == std::chrono::minutes(1));
  const std::string found =
      mistakes_in("ledger_lag: {lag: {group: ledger, age: < 1s}}\nbooks: {audit: [no_lost_acks]}", context);
  CHECK_THAT(
      found,
      Catch::Contains(
          "faults.yaml:1:36: fault 'bank_slow' expects an unknown gate 'ledger_lga'; did you mean 'ledger_lag'?"));
  CHECK_THAT(found, Catch::Contains("audit gates do not look at single seconds"));
}

TEST_CASE("a mistake of shape that was already reported is not repeated", "[gates]") {
  Diagnostics diagnostics;
  const yaml::Node gates = yaml::parse("g: {expect: 'p99 < 1s', durnig: peak}", "gates.yaml", diagnostics);
  schema::check(gates, *gates_schema(), "'gates'", diagnostics);
  REQUIRE(diagnostics.size() == 1);
  parse_gates(gates, nullptr, context_of(SyntheticRun()), diagnostics);
  CHECK(diagnostics.size() == 1);
}

TEST_CASE("validity limits are read and checked", "[gates]") {
  const std::string gate = "g: {expect: 'p99 < 1s'}";
  const GateSet set = gates_of(gate, context_of(SyntheticRun()),
                               "{late_or_unsent: 5%, generator_cpu: 95%, run_queue_wait: 20%, probe_silence: 10s}");
  CHECK(set.limits.late_or_unsent == Approx(0.05));
  CHECK(set.limits.generator_cpu == Approx(0.95));
  CHECK(set.limits.run_queue_wait == Approx(0.2));
  CHECK(set.limits.probe_silence == std::chrono::seconds(10));
  CHECK_THAT(mistakes_in(gate, context_of(SyntheticRun()), "{late_or_unsnt: 5%}"), Catch::Contains("late_or_unsent"));
  CHECK_THAT(mistakes_in(gate, context_of(SyntheticRun()), "{late_or_unsent: 5}"), Catch::Contains("share"));
}

TEST_CASE("the kinds of gates are listed for the reference", "[gates]") {
  const auto kinds = gate_kind_list();
  REQUIRE(kinds.size() == 7);
  for (const GateKindInfo& kind : kinds) {
    CHECK_FALSE(kind.name.empty());
    CHECK_FALSE(kind.doc.empty());
  }
}
