#include "gates/expression.hpp"

#include "tests/unit/gates/fixture.hpp"

using namespace tidegate;
using namespace tidegate::gates;

namespace {

struct Parsed {
  std::optional<Expression> expression;
  std::vector<SyntaxMistake> mistakes;
};

Parsed parse(const std::string& text) {
  static const SyntheticRun kRun;
  static const GateContext kContext = context_of(kRun);
  const Vocabulary vocabulary(kContext);
  Parsed parsed;
  parsed.expression = parse_expression(text, vocabulary, parsed.mistakes);
  return parsed;
}

}  // namespace

TEST_CASE("expressions say aggregate, metric, selector and limit", "[expression]") {
  struct Row {
    const char* text;
    Aggregate aggregate;
    double quantile;
    const char* metric;
    double limit;
    Dimension dimension;
  };
  const Row rows[] = {
      {"p99(response_time{name=create_payment}) < 500ms", Aggregate::percentile, 0.99, "response_time", 0.5,
       Dimension::time},
      {"p99.9(response_time) <= 1s", Aggregate::percentile, 0.999, "response_time", 1, Dimension::time},
      {"p(99.5, response_time) < 1s", Aggregate::percentile, 0.995, "response_time", 1, Dimension::time},
      {"p50(http_req_duration) < 1m30s", Aggregate::percentile, 0.5, "http_req_duration", 90, Dimension::time},
      {"med(payment_settled)<5s", Aggregate::percentile, 0.5, "payment_settled", 5, Dimension::time},
      {"  avg ( response_time )  <  20ms ", Aggregate::average, 0, "response_time", 0.02, Dimension::time},
      {"min(response_time) > 1ms", Aggregate::minimum, 0, "response_time", 0.001, Dimension::time},
      {"max(lag_age{group=ledger}) < 30s", Aggregate::maximum, 0, "lag_age", 30, Dimension::time},
      {"max(lag_records{group=ledger}) < 1000", Aggregate::maximum, 0, "lag_records", 1000, Dimension::records},
      {"rate(http_req_failed) < 1%", Aggregate::rate, 0, "http_req_failed", 0.01, Dimension::share},
      {"rate(iterations{outcome=ok}) >= 400/s", Aggregate::rate, 0, "iterations", 400, Dimension::rate},
      {"count(dropped_iterations) < 10", Aggregate::count, 0, "dropped_iterations", 10, Dimension::count},
      {"count(http_reqs{status=\"503\", expected=false}) < 10", Aggregate::count, 0, "http_reqs", 10, Dimension::count},
      {"count(data_sent) < 10MiB", Aggregate::count, 0, "data_sent", 10485760, Dimension::bytes},
      {"max(generator_cpu) < 90%", Aggregate::maximum, 0, "generator_cpu", 0.9, Dimension::share},
      {"p99 < 300ms", Aggregate::percentile, 0.99, "response_time", 0.3, Dimension::time},
  };
  for (const Row& row : rows) {
    const Parsed parsed = parse(row.text);
    INFO(row.text << (parsed.mistakes.empty() ? "" : ": " + parsed.mistakes[0].message));
    REQUIRE(parsed.expression);
    const Measure& measure = parsed.expression->measure;
    CHECK(measure.aggregate == row.aggregate);
    CHECK(measure.quantile == Approx(row.quantile));
    CHECK(measure.metric == row.metric);
    CHECK(parsed.expression->limit.value == Approx(row.limit));
    CHECK(measure.dimension == row.dimension);
  }
}

TEST_CASE("a selector keeps its tags and the outcome asked for", "[expression]") {
  const Parsed parsed = parse("p99(response_time{name=create_payment, flow='pay', expected=any}) < 1s");
  REQUIRE(parsed.expression);
  const Selector& selector = parsed.expression->measure.selector;
  CHECK(selector.any_outcome);
  REQUIRE(selector.conditions.size() == 2);
  CHECK(selector.admits("name", "create_payment"));
  CHECK_FALSE(selector.admits("name", "refund"));
  CHECK(selector.admits("flow", "pay"));
  CHECK_FALSE(selector.admits("flow", "refund"));
  CHECK(selector.admits("block", "any"));
}

TEST_CASE("a mistake in an expression has its place, its reason and the nearest spelling", "[expression]") {
  struct Row {
    const char* text;
    std::size_t offset;
    const char* message;
    const char* suggestion;
  };
  const Row rows[] = {
      {"", 0, "expected an aggregate", ""},
      {"p99(response_tme) < 500ms", 4, "unknown metric 'response_tme'", "response_time"},
      {"p99(payment_setled) < 5s", 4, "unknown metric", "payment_settled"},
      {"conut(iterations) < 1", 0, "unknown aggregate 'conut'", "count"},
      {"p0(response_time) < 1s", 0, "unknown aggregate", ""},
      {"p100(response_time) < 1s", 0, "unknown aggregate", ""},
      {"p(abc, response_time) < 1s", 2, "'abc' is not a percentile", ""},
      {"p(99 response_time) < 1s", 5, "expected ', METRIC'", ""},
      {"p99(response_time < 1s", 18, "expected ')'", ""},
      {"p99(response_time{name=create_payment) < 1s", 37, "expected ',' or '}'", ""},
      {"p99(response_time{nme=create_payment}) < 1s", 18, "has no tag 'nme'", "name"},
      {"p99(response_time{name=create_paiment}) < 1s", 23, "no step is called 'create_paiment'", "create_payment"},
      {"p99(response_time{name=payment_settled}) < 1s", 23, "no step is called", ""},
      {"max(lag_age{group=leger}) < 1s", 18, "no group is called 'leger'", "ledger"},
      {"p99(response_time{name}) < 1s", 22, "expected '='", ""},
      {"p99(response_time{name=}) < 1s", 23, "expected a value", ""},
      {"p99(response_time{name=\"create_payment) < 1s", 23, "the quote is not closed", ""},
      {"p99(response_time{flow=pay, flow=pay}) < 1s", 33, "tag 'flow' is given twice", ""},
      // Leaving failed answers out would let quick errors improve a percentile.
      {"p99(response_time{expected=true}) < 1s", 27, "failed answers always count", ""},
      {"p99(response_time)", 18, "expected <, <=, > or >=", ""},
      {"p99(response_time) = 500ms", 19, "expected <, <=, > or >=", ""},
      {"p99(response_time) < 500", 21, "'500' needs a unit, such as 500ms", ""},
      {"p99(response_time) < 5/s", 21, "'5/s' is a rate; a time is compared here", ""},
      {"p99(response_time) < 1%", 21, "'1%' is a share; a time", ""},
      {"p99(response_time) < soon", 21, "'soon' is not a time", ""},
      {"p99(response_time) < 500ms or so", 21, "is not a time", ""},
      {"rate(http_req_failed) < 0.01", 24, "'0.01' needs a unit, such as 1%", ""},
      {"rate(iterations) > 400", 19, "needs a unit, such as 400/s", ""},
      {"count(iterations) > 400/s", 20, "'400/s' is a rate; a count", ""},
      {"count(iterations) > -4", 20, "is not a count", ""},
      {"p99(iterations) < 1s", 0, "is a counter; it takes rate or count", ""},
      {"rate(response_time) < 1/s", 0, "is not a counter", ""},
      {"count(vus) < 1", 0, "is not a counter", ""},
  };
  for (const Row& row : rows) {
    const Parsed parsed = parse(row.text);
    INFO(row.text);
    CHECK_FALSE(parsed.expression);
    REQUIRE(parsed.mistakes.size() == 1);
    INFO(parsed.mistakes[0].message << " / " << parsed.mistakes[0].suggestion);
    CHECK(parsed.mistakes[0].offset == row.offset);
    CHECK_THAT(parsed.mistakes[0].message, Catch::Contains(row.message));
    if (*row.suggestion != '\0') CHECK(parsed.mistakes[0].suggestion == row.suggestion);
  }
}

TEST_CASE("quantities are written as a person reads them", "[quantity]") {
  struct Row {
    double value;
    Dimension dimension;
    const char* want;
  };
  const Row rows[] = {
      {0.612, Dimension::time, "612 ms"},
      {0.000084, Dimension::time, "84 us"},
      {2.5, Dimension::time, "2.5 s"},
      {600, Dimension::time, "10 min"},
      {0, Dimension::time, "0 us"},
      {0.9995, Dimension::share, "99.95 %"},
      {0.99999, Dimension::share, "99.999 %"},
      {1, Dimension::share, "100 %"},
      {0.05, Dimension::share, "5 %"},
      {4800, Dimension::rate, "4,800/s"},
      {12.34, Dimension::rate, "12.3/s"},
      {29956, Dimension::count, "29,956"},
      {3, Dimension::records, "3 records"},
  };
  for (const Row& row : rows) CHECK(format_quantity(row.value, row.dimension) == row.want);
  CHECK(format_interval(0.598, 0.631, 0.612, Dimension::time) == "[598, 631]");
}
