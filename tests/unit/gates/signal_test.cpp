// Numbers from outside: what is read out of foreign answers, and what of them is refused. The probe itself runs against
// a server in this process.

#include <sqlite3.h>

#include <atomic>
#include <cmath>
#include <thread>

#include "gates/probes/exposition.hpp"
#include "gates/probes/signal_probe.hpp"
#include "gates/probes/signal_source.hpp"
#include "tests/support/http_double.hpp"
#include "tests/unit/gates/fixture.hpp"
#include "tests/unit/record/scratch_directory.hpp"

using namespace tidegate;
using namespace tidegate::gates;
using namespace std::chrono_literals;

namespace {

bool eventually(const std::function<bool()>& condition) {
  const Nanoseconds deadline = monotonic_now() + 20s;
  while (monotonic_now() < deadline) {
    if (condition()) return true;
    std::this_thread::sleep_for(10ms);
  }
  return condition();
}

Result<std::string> no_stack(const std::string& endpoint) {
  return usage_error("no endpoint " + endpoint);
}

void execute(const std::string& path, const char* sql) {
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &database) == SQLITE_OK);
  REQUIRE(sqlite3_exec(database, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(database);
}

}  // namespace

TEST_CASE("a scrape is read sample by sample", "[exposition]") {
  const auto samples = parse_exposition(
      "# HELP depth how deep\n# TYPE depth gauge\ndepth{queue=\"a\\\"b\\\\c\\nd\", service=\"x\",} 3 1700000000000\r\n"
      "depth 4e2\n\nnan_one NaN\ninf_one +Inf\nbucket{le=\"+Inf\"} 7 # {trace=\"1\"} 1\n# EOF\n");
  REQUIRE(samples.ok());
  REQUIRE(samples->size() == 5);
  CHECK(*(*samples)[0].label("queue") == "a\"b\\c\nd");
  CHECK((*samples)[0].value == 3);
  CHECK((*samples)[1].value == 400);
  CHECK(std::isnan((*samples)[2].value));
  CHECK(std::isinf((*samples)[3].value));
  CHECK((*samples)[4].value == 7);
  for (const char* bad : {"depth", "depth{ 3", "depth{a=b} 3", "depth{a=\"b} 3", "depth{a=\"b\" c=\"d\"} 3", "9depth 3",
                          "depth three", "{a=\"b\"} 3", "<html>", "depth{a=\"\\"}) {
    INFO(bad);
    const auto refused = parse_exposition("good 1\n" + std::string(bad));
    REQUIRE_FALSE(refused.ok());
    CHECK_THAT(refused.error().message, Catch::Contains("line 2 is not a sample"));
  }
  CHECK(parse_exposition("")->empty());
  CHECK_FALSE(parse_sample_selector("depth{").ok());
  CHECK_FALSE(parse_sample_selector("depth 3").ok());
  CHECK(parse_sample_selector(" depth{queue=\"a\"} ").ok() == false);  // a name begins at once
  CHECK(parse_sample_selector("depth{queue=\"a\"}")->matches({"depth", {{"x", "y"}, {"queue", "a"}}, 1}));
  CHECK_FALSE(parse_sample_selector("depth{queue=\"a\"}")->matches({"depth", {{"queue", "b"}}, 1}));
}

TEST_CASE("a counter that is reset begins again, and never counts down", "[signal]") {
  CounterRate rate;
  CHECK_FALSE(rate.add(100, 10));  // nothing to compare with
  CHECK(*rate.add(150, 11) == Approx(50));
  CHECK(*rate.add(150, 12) == 0);
  CHECK(*rate.add(20, 14) == Approx(10));  // reset: 20 since then, in two seconds
  CHECK_FALSE(rate.add(NAN, 15));
  CHECK(*rate.add(60, 16) == Approx(20));
  CHECK_FALSE(rate.add(70, 16));  // a clock that stands still
  CHECK_FALSE(rate.add(80, 15));  // or steps back
}

TEST_CASE("a number in a JSON answer", "[signal]") {
  const char* answer = R"({"queues": [{"depth": 7}, {"depth": "8.5"}], "name": "x", "null": null})";
  CHECK(*number_at(answer, "$.queues[0].depth") == 7);
  CHECK(*number_at(answer, "queues[1].depth") == 8.5);
  for (const char* path : {"$.queues[2].depth", "$.absent", "$.name", "$.queues", "$.queues[0]", "$.null",
                           "$.queues[x]", "$.queues[0", "$..", "$.queues[0].depth.more"}) {
    INFO(path);
    CHECK_FALSE(number_at(answer, path).ok());
  }
  CHECK_FALSE(number_at("not json", "$.a").ok());
  CHECK(*number_at("5", "$") == 5);
}

TEST_CASE("a number in an answer of a Prometheus server", "[signal]") {
  const auto answer = [](const std::string& data) {
    return promql_number("{\"status\": \"success\", \"data\": " + data + "}");
  };
  CHECK(**answer(R"({"resultType": "vector", "result": [{"metric": {}, "value": [1, "2.5"]}]})") == 2.5);
  CHECK(**answer(R"({"resultType": "scalar", "result": [1, "3"]})") == 3);
  CHECK_FALSE(answer(R"({"resultType": "vector", "result": []})")->has_value());
  CHECK_FALSE(answer(R"({"resultType": "scalar", "result": [1, "NaN"]})")->has_value());
  CHECK_FALSE(answer(R"({"resultType": "scalar", "result": [1, "+Inf"]})")->has_value());
  for (const char* bad : {R"({"resultType": "vector", "result": [{"value": [1, "2"]}, {"value": [1, "3"]}]})",
                          R"({"resultType": "matrix", "result": []})", R"({"resultType": "vector", "result": [1]})",
                          R"({"resultType": "scalar", "result": [1]})", R"({"resultType": "scalar"})", "3", "{}"}) {
    INFO(bad);
    CHECK_FALSE(answer(bad).ok());
  }
}

TEST_CASE("a SELECT gives its first column of its first row", "[signal]") {
  const test::ScratchDirectory scratch;
  const std::string path = scratch.file("outbox.db");
  execute(path, "CREATE TABLE outbox (id INTEGER, sent INTEGER); INSERT INTO outbox VALUES (1, 0), (2, 0), (3, 1)");
  const auto source = [&](const std::string& query) {
    return std::move(*make_source({"g", SignalSpec::Kind::sql, query, "sqlite:" + path}, no_stack));
  };
  auto open_rows = source("SELECT count(*) FROM outbox WHERE sent = 0");
  CHECK(**open_rows->read(1s) == 2);
  execute(path, "UPDATE outbox SET sent = 1");
  CHECK(**open_rows->read(1s) == 0);
  CHECK_FALSE(source("SELECT id FROM outbox WHERE id > 9")->read(1s)->has_value());
  CHECK_FALSE(source("SELECT NULL")->read(1s)->has_value());
  CHECK(source("SELECT count(*) FROM absent")->read(1s).error().kind == Error::Kind::usage);
  CHECK(source("SELEC 1")->read(1s).error().kind == Error::Kind::usage);
  CHECK(source("DELETE FROM outbox")->read(1s).error().kind == Error::Kind::usage);
  // One that never ends is stopped at the timeout.
  auto endless = source("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n");
  CHECK_FALSE(endless->read(50ms).ok());
  auto absent = make_source({"g", SignalSpec::Kind::sql, "SELECT 1", "sqlite:" + scratch.file("absent.db")}, no_stack);
  CHECK((*absent)->read(1s).error().kind != Error::Kind::usage);  // it may yet be made
  CHECK_FALSE(make_source({"g", SignalSpec::Kind::sql, "SELECT 1", "mysql://x"}, no_stack).ok());
}

TEST_CASE("the probe reads each signal once a period, and counts silence", "[signal][probe]") {
  std::atomic<int> status{200};
  test::HttpDouble server([&](const http::Request& request) {
    if (request.target.find("/api/v1/query") != std::string::npos) {
      const bool asked = request.target.find("sum%28rate%28x%5B1m%5D%29%29") != std::string::npos;
      return test::answer_with(asked ? 200 : 400, R"({"data": {"resultType": "scalar", "result": [1, "5"]}})");
    }
    if (request.target == "/metrics") return test::answer_with(status, "depth{q=\"a\"} 3\ndepth{q=\"b\"} 4\n");
    return test::answer_with(404, "no such page");
  });
  REQUIRE(server.started());
  const test::ScratchDirectory scratch;
  auto series = std::move(*record::SeriesWriter::create(scratch.file("series.tgs")));
  auto events = std::move(*record::EventWriter::create(scratch.file("events.ndjson")));
  const GateSet gates =
      gates_of("scraped: {probe: {scrape: depth, from: \"" + server.url() + "/metrics\", value: < 10}}\n" +
                   "asked: {probe: {promql: 'sum(rate(x[1m]))', from: \"" + server.url() + "\", value: < 10}}\n" +
                   "absent: {probe: {get: \"" + server.url() + "/absent\", json: $.depth, value: < 10}}\n",
               context_of(SyntheticRun()));
  SignalProbeOptions options;
  options.signals = signals_of(gates);
  options.address_of = no_stack;
  options.period = 50ms;
  options.timeout = 500ms;
  SignalProbe probe(std::move(options), RunClock::starting_in(Nanoseconds{0}), series.get(), events.get());
  REQUIRE(probe.start().ok());
  const auto sum = [&](std::string_view metric, const std::string& name) {
    REQUIRE(series->flush().ok());
    double total = 0;
    const auto set = record::read_series(scratch.file("series.tgs"));
    for (const record::Series* one : set->find(metric)) {
      if (*one->key.tag("probe") != name) continue;
      for (const auto& [second, value] : one->values) total += value;
    }
    return total;
  };
  REQUIRE(
      eventually([&] { return sum(record::kProbeValue, "scraped") >= 7 && sum(record::kProbeValue, "asked") >= 5; }));
  REQUIRE(eventually([&] { return sum(record::kProbeSilent, "probe:absent") > 0.1; }));
  status = 503;  // trouble is silence, and not told as an error
  REQUIRE(eventually([&] { return sum(record::kProbeSilent, "probe:scraped") > 0.1; }));
  probe.stop();
  events.reset();
  const auto log = record::read_events(scratch.file("events.ndjson"));
  int failed = 0;
  for (const record::Event& event : log->events) {
    if (event.type != "probe_failed") continue;
    ++failed;
    CHECK(*string_member(event.fields, "probe") == "probe:absent");
  }
  CHECK(failed == 1);  // told once
}

TEST_CASE("an endpoint that the stack does not have ends the run before it starts", "[signal]") {
  SignalProbeOptions options;
  options.signals = {{"depth", SignalSpec::Kind::scrape, "depth", "gatewy.http/metrics"}};
  options.address_of = no_stack;
  const test::ScratchDirectory scratch;
  auto series = std::move(*record::SeriesWriter::create(scratch.file("series.tgs")));
  SignalProbe probe(std::move(options), RunClock::starting_in(Nanoseconds{0}), series.get(), nullptr);
  const auto started = probe.start();
  REQUIRE_FALSE(started.ok());
  CHECK_THAT(started.error().message, Catch::Contains("gate 'depth': no endpoint gatewy.http"));
}

TEST_CASE("probe gates judge a census of seconds", "[signal]") {
  struct Row {
    const char* what;
    std::function<void(SyntheticRun&)> change;
    const char* more;
    Outcome want;
    const char* in_reason;
  };
  const auto values = [](double value, int from, int to) {
    return [=](SyntheticRun& run) {
      for (int s = 10; s < 30; ++s)
        run.gauge(record::kProbeValue, {{"probe", "g"}}, s, s >= from && s < to ? value : 3);
    };
  };
  const Row rows[] = {
      {"all under", values(3, 10, 30), "", Outcome::pass, "20 of 20 seconds"},
      {"one over of twenty", values(99, 12, 13), "", Outcome::fail, "19 of 20 seconds"},
      {"within its objective", values(99, 12, 13), ", objective: 90%", Outcome::pass, "highest 99"},
      {"over its maximum", values(99, 12, 13), ", objective: 90%, maximum: 50", Outcome::fail,
       "over the maximum of 50"},
      {"never read", [](SyntheticRun&) {}, "", Outcome::inconclusive, "no value of depth in 20 seconds"},
      {"not a number", values(NAN, 12, 14), "", Outcome::inconclusive, "2 seconds unknown"},
      {"all equal to the limit", values(10, 10, 30), "", Outcome::fail, "0 of 20"},
      {"another probe's values",
       [](SyntheticRun& run) {
         for (int s = 10; s < 30; ++s) run.gauge(record::kProbeValue, {{"probe", "other"}}, s, 1);
       },
       "", Outcome::inconclusive, "no value"},
  };
  for (const Row& row : rows) {
    SyntheticRun run;
    row.change(run);
    const auto verdict = judged(run, std::string("g: {probe: {scrape: depth, from: 'http://x/metrics', value: < 10") +
                                         row.more + "}, during: peak}");
    INFO(row.what << ": " << verdict.gates[0].reason);
    CHECK(to_string(verdict.gates[0].outcome) == to_string(row.want));
    CHECK_THAT(verdict.gates[0].reason, Catch::Contains(row.in_reason));
  }
}

TEST_CASE("mistakes in probe gates", "[signal]") {
  const std::pair<const char*, const char*> rows[] = {
      {"{value: < 1}", "needs scrape, get, sql or promql"},
      {"{scrape: a, sql: b, from: 'http://x', value: < 1}", "one of scrape, get, sql and promql"},
      {"{scrape: 'a{', from: 'http://x', value: < 1}", "is not a metric with labels"},
      {"{scrape: a, value: < 1}", "needs from"},
      {"{get: 'http://x', value: < 1}", "get needs json"},
      {"{get: 'http://x', json: $.a, from: 'http://y', value: < 1}", "get has the URL itself"},
      {"{scrape: a, json: $.a, from: 'http://x', value: < 1}", "json belongs to get"},
      {"{sql: SELECT 1, from: 'http://x', value: < 1}", "sql reads from sqlite:PATH or postgresql://"},
      {"{promql: x, from: 'sqlite:y', value: < 1}", "belongs to sql"},
      {"{scrape: x, from: 'postgresql://u@h/d', value: < 1}", "belongs to sql"},
      {"{promql: x, from: 'http://y', value: 1}", "must start with <"},
      {"{promql: x, from: 'http://y', value: < 1s}", "is a time"},
      {"{promql: x, from: 'http://y', value: < 1, objective: 0%}", "an objective lies above 0%"},
  };
  for (const auto& [text, why] : rows) {
    INFO(text);
    CHECK_THAT(mistakes_in("g: {probe: " + std::string(text) + "}", context_of(SyntheticRun())), Catch::Contains(why));
  }
  GateContext context = context_of(SyntheticRun());
  context.processes = {"gateway", "worker"};
  const std::string text = "g: {probe: {scrape: depth, from: gatewy.http/metrics, value: < 1}}";
  CHECK_THAT(mistakes_in(text, context), Catch::Contains("unknown process 'gatewy'") && Catch::Contains("'gateway'"));
}
