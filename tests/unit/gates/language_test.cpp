// What the expression language can say beyond one percentile: selectors, arithmetic, sliding windows, apdex; and what
// each of them decides on data.

#include <functional>
#include <limits>

#include "gates/expression.hpp"
#include "tests/unit/gates/fixture.hpp"

using namespace tidegate;
using namespace tidegate::gates;

namespace {

/// Three steps, so that selectors have something to choose from.
SyntheticRun three_steps() {
  SyntheticRun run;
  run.info.load.front().steps = {{"pay", {"create_payment", "create_refund", "status", "payment_settled"}}};
  return run;
}

std::optional<Expression> parse(const std::string& text, std::vector<SyntaxMistake>& mistakes) {
  static const SyntheticRun kRun = three_steps();
  static const GateContext kContext = context_of(kRun);
  return parse_expression(text, Vocabulary(kContext), mistakes);
}

}  // namespace

TEST_CASE("a selector chooses by value, list, pattern and prefix, and by what is not", "[selector]") {
  struct Row {
    const char* selector;
    std::vector<std::string> names;  // that it admits
  };
  const std::string all[] = {"create_payment", "create_refund", "status"};
  const Row rows[] = {
      {"name=status", {"status"}},
      {"name!=status", {"create_payment", "create_refund"}},
      {"not name=status", {"create_payment", "create_refund"}},
      {"not name!=status", {"status"}},
      {"name in [status, create_refund]", {"create_refund", "status"}},
      {"name in (status)", {"status"}},
      {"name not in [status, create_refund]", {"create_payment"}},
      {"not name in ['status']", {"create_payment", "create_refund"}},
      {"name =~ 'create_.*'", {"create_payment", "create_refund"}},
      {"name=~'.*(pay|stat).*'", {"create_payment", "status"}},
      {"name !~ \"create_.*\"", {"status"}},
      {"name ^= create", {"create_payment", "create_refund"}},
      {"not name^=create", {"status"}},
      {"name^=create, name!=create_refund", {"create_payment"}},
      {"name^=create and flow=pay and not name=create_payment", {"create_refund"}},
      {"", {"create_payment", "create_refund", "status"}},
  };
  for (const Row& row : rows) {
    std::vector<SyntaxMistake> mistakes;
    const auto parsed = parse("p99(response_time{" + std::string(row.selector) + "}) < 1s", mistakes);
    INFO(row.selector << (mistakes.empty() ? "" : ": " + mistakes[0].message));
    REQUIRE(parsed);
    std::vector<std::string> admitted;
    for (const std::string& name : all) {
      record::SeriesKey key;
      key.tags = {{"flow", "pay"}, {"name", name}};
      if (parsed->measure.selector.matches(key)) admitted.push_back(name);
    }
    CHECK(admitted == row.names);
  }
}

TEST_CASE("mistakes in the wider language have their place", "[expression]") {
  struct Row {
    const char* text;
    std::size_t offset;
    const char* message;
    const char* suggestion;
  };
  const Row rows[] = {
      {"p99(response_time{name in create_payment}) < 1s", 26, "expected a list after 'in'", ""},
      {"p99(response_time{name in [create_payment}) < 1s", 41, "the list is not closed", ""},
      {"p99(response_time{name in []}) < 1s", 27, "expected a value after", ""},
      {"p99(response_time{name in [create_payment, stats]}) < 1s", 43, "no step is called 'stats'", "status"},
      {"p99(response_time{name!=stats}) < 1s", 24, "no step is called 'stats'", "status"},
      {"p99(response_time{name=~'create_('}) < 1s", 24, "is not a regular expression", ""},
      {"p99(response_time{name=~'pay.*'}) < 1s", 24, "no step fits; there are create_payment", ""},
      {"p99(response_time{name^=refund}) < 1s", 24, "no step fits", ""},
      {"p99(response_time{name=status, name!=status}) < 1s", 37, "no step fits", ""},
      {"p99(response_time{not expected=true}) < 1s", 31, "failed answers always count", ""},
      {"p99(response_time{name=status and}) < 1s", 33, "has no tag ''", ""},
      {"worst of p99(response_time) < 1s", 6, "expected whole seconds after 'worst'", ""},
      {"worst 10 of p99(response_time) < 1s", 6, "expected whole seconds", ""},
      {"worst 1500ms of p99(response_time) < 1s", 6, "expected whole seconds", ""},
      {"worst 10s p99(response_time) < 1s", 10, "expected 'of'", ""},
      {"worst 10s of p99(response_time) / p50(response_time) < 5", 13, "a sliding window takes one measure", ""},
      {"p99(response_time) + rate(http_reqs) < 1s", 19, "a time and a rate cannot be added", ""},
      {"p99(response_time) * p50(response_time) < 1s", 19, "joined by +, - or /", ""},
      {"p99(response_time) / p50(response_tme) < 3", 25, "unknown metric 'response_tme'", "response_time"},
      {"p99(response_time) / p50(response_time) < 3s", 42, "'3s' is a time; a ratio is compared here", ""},
      {"p99(response_time) - p50(response_time) < 3", 42, "'3' needs a unit", ""},
      {"apdex(response_time) > 0.9", 19, "an apdex names its target", ""},
      {"apdex > 0.9", 6, "an apdex names its target", ""},
      {"apdex(response_time, fast) > 0.9", 21, "an apdex names its target", ""},
      {"apdex(response_time, 500ms) < 0.9", 28, "good when it is high", ""},
      {"apdex(response_time, 500ms) > 1", 30, "lies between 0 and 1", ""},
      {"apdex(vus, 500ms) > 0.9", 0, "is not a counter; it takes value", ""},
      {"apdex(response_time, 1s) / p99(response_time) > 1", 25, "compared with a limit alone", ""},
      {"value(response_time) < 1s", 0, "it takes avg, min, max", ""},
      {"value(iterations) < 1", 0, "is a counter; it takes rate or count", ""},
      {"p(99) < 1", 8, "'1' needs a unit", ""},
  };
  for (const Row& row : rows) {
    std::vector<SyntaxMistake> mistakes;
    const auto parsed = parse(row.text, mistakes);
    INFO(row.text);
    CHECK_FALSE(parsed);
    REQUIRE(mistakes.size() == 1);
    INFO(mistakes[0].message);
    CHECK(mistakes[0].offset == row.offset);
    CHECK_THAT(mistakes[0].message, Catch::Contains(row.message));
    if (*row.suggestion != '\0') CHECK(mistakes[0].suggestion == row.suggestion);
  }
}

TEST_CASE("sliding windows, arithmetic, apdex and gauges decide on data", "[expect]") {
  struct Row {
    const char* what;
    std::function<void(SyntheticRun&)> change;
    const char* expression;
    Outcome want;
    const char* in_reason;
  };
  const auto healthy = [](SyntheticRun&) {};
  const auto one_slow = [](SyntheticRun& run) { run.slow(20, 21, 700'000); };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Row rows[] = {
      {"sliding, healthy", healthy, "worst 5s of p99(response_time) < 500ms", Outcome::pass, "worst 5 s of p99 20 ms"},
      {"sliding finds the one second", one_slow, "worst 5s of p99(response_time) < 500ms", Outcome::fail,
       "worst 5 s of p99 700 ms is over 500 ms (16 windows, 5 over"},
      {"sliding p50 does not mind it", one_slow, "worst 5s of p50(response_time) < 500ms", Outcome::pass, "16 windows"},
      {"sliding average", one_slow, "worst 2s of avg(response_time) < 300ms", Outcome::fail, "is over"},
      {"sliding rate of a counter, of the worst",
       [](SyntheticRun& run) {
         run.count(record::kIterations, SyntheticRun::with(SyntheticRun::flow_tags(), "outcome", "ok"), 15, -90);
       },
       "worst 1s of rate(iterations{outcome=ok}) > 50/s", Outcome::inconclusive, "had no data that decide"},
      {"sliding over a gap",
       [](SyntheticRun& run) {
         run.erase(record::kResponseTime, 12, 20);
         run.erase(record::kResponseTimeFromSend, 12, 20);
       },
       "worst 3s of p99(response_time) < 500ms", Outcome::inconclusive, "had no data"},
      {"sliding longer than the window", healthy, "worst 30s of p99(response_time) < 500ms", Outcome::inconclusive,
       "shorter than 30 s"},
      {"sliding with a failed second", [](SyntheticRun& run) { run.fail_requests(15, 16, 50); },
       "worst 2s of p99(response_time) < 500ms", Outcome::fail, "is a failed sample"},
      {"a ratio of percentiles", healthy, "p99(payment_settled) / p50(response_time) < 25", Outcome::pass, "is 20"},
      {"a ratio over its limit", healthy, "p99(payment_settled) / p50(response_time) < 15", Outcome::fail,
       "is over 15"},
      {"a difference", healthy, "p99(payment_settled) - p99(response_time) < 400ms", Outcome::pass, "is 380 ms"},
      {"a sum", healthy, "p99(payment_settled) + p99(response_time) < 400ms", Outcome::fail, "is 420 ms"},
      {"a ratio of rates as a share", healthy, "rate(iterations{outcome=ok}) / rate(scheduled_iterations) >= 99%",
       Outcome::pass, "is 1"},
      {"a divisor of zero", healthy, "rate(iterations) / rate(errors) < 1", Outcome::inconclusive,
       "the divisor is zero"},
      {"failed samples on one side", [](SyntheticRun& run) { run.fail_requests(10, 30, 10); },
       "p99(response_time) - p50(response_time) < 1s", Outcome::inconclusive, "failed samples leave one side"},
      {"a side without data", [](SyntheticRun& run) { run.erase("payment_settled", 0, 99); },
       "p99(payment_settled) / p50(response_time) < 25", Outcome::inconclusive, "no samples"},
      {"owed samples could move a ratio", [](SyntheticRun& run) { run.drop(12, 13, 1); },
       "p99(response_time) / p50(response_time) < 25", Outcome::inconclusive, "owes"},
      {"apdex of satisfied", healthy, "apdex(response_time, 100ms) > 0.9", Outcome::pass, "apdex 1.000"},
      {"apdex of tolerating", [](SyntheticRun& run) { run.slow(10, 30, 300'000); }, "apdex(response_time, 100ms) > 0.9",
       Outcome::fail, "apdex 0.500"},
      {"apdex of frustrated", [](SyntheticRun& run) { run.slow(10, 30, 700'000); }, "apdex(response_time, 100ms) > 0.9",
       Outcome::fail, "apdex 0.000"},
      {"apdex counts failed as frustrated", [](SyntheticRun& run) { run.fail_requests(10, 30, 20); },
       "apdex(response_time, 100ms) > 0.9", Outcome::fail, "apdex 0.800"},
      {"apdex without data", [](SyntheticRun& run) { run.erase(record::kResponseTime, 0, 99); },
       "apdex(response_time, 100ms) > 0.9", Outcome::inconclusive, "no samples"},
      {"the last value of a gauge",
       [](SyntheticRun& run) {
         run.gauge("vus", {}, 12, 50);
         run.gauge("vus", {}, 28, 7);
       },
       "value(vus) < 10", Outcome::pass, "value 7"},
      {"a gauge that is not a number",
       [nan](SyntheticRun& run) {
         run.gauge("vus", {}, 12, nan);
         run.gauge("vus", {}, 28, 7);
       },
       "max(vus) < 10", Outcome::inconclusive, "no samples"},
      {"p(N) without a metric", healthy, "p(99) < 500ms", Outcome::pass, "p99 20 ms"},
  };
  for (const Row& row : rows) {
    SyntheticRun run;
    row.change(run);
    const record::Verdict verdict = judged(run, "g: {expect: \"" + std::string(row.expression) + "\", during: peak}");
    REQUIRE(verdict.gates.size() == 1);
    INFO(row.what << ": " << verdict.gates[0].reason);
    CHECK(to_string(verdict.gates[0].outcome) == to_string(row.want));
    CHECK_THAT(verdict.gates[0].reason, Catch::Contains(row.in_reason));
  }
}
