// The engine against servers that follow a script: open and closed loops, metrics, steps.

#include <algorithm>
#include <chrono>
#include <mutex>
#include <set>
#include <string>

#include "tests/support/catch.hpp"
#include "tests/unit/loadgen/played.hpp"
#include "tests/unit/loadgen/scripted_server.hpp"

namespace tidegate::loadgen {
namespace {

using std::chrono::milliseconds;

std::string rate_load(const std::string& rate, const std::string& duration, const std::string& more = {}) {
  return "load: {l: {executor: constant-arrival-rate, rate: " + rate + ", duration: " + duration + more + "}}";
}

void ok(Conversation& conversation) {
  conversation.answer(200, R"({"id":"p1"})");
}

}  // namespace

TEST_CASE("an open loop sends its schedule, no more and no less") {
  ScriptedServer server(ok);
  const Played played = play("flows: {a: [{get: /x, name: look}]}\n" + rate_load("200/s", "500ms"), server.url());
  CHECK(played.finished);
  CHECK(server.requests() == 100);
  CHECK(played.count("scheduled_iterations") == 100);
  CHECK(played.count("iterations", {{"outcome", "ok"}, {"block", "l"}, {"flow", "a"}}) == 100);
  CHECK(played.count("dropped_iterations") == 0);
  CHECK(played.count("http_reqs", {{"name", "look"}, {"status", "200"}, {"expected", "true"}}) == 100);
  CHECK(played.count("http_req_failed") == 0);
  CHECK(played.count("errors") == 0);
  CHECK(played.histogram("response_time", {{"name", "look"}, {"expected", "true"}}).count() == 100);
  CHECK(played.histogram("response_time_from_send").count() == 100);
  CHECK(played.histogram("http_req_duration").count() == 100);
  CHECK(played.histogram("schedule_lateness", {{"block", "l"}}).count() == 100);
  CHECK(played.histogram("iteration_duration").count() == 100);
  CHECK(played.count("data_received") > 100 * 40);
  CHECK(played.count("data_sent") > 100 * 30);
  CHECK(played.last.iterations_done == 100);
  CHECK(played.last.vus == 0);
  CHECK(played.operations.empty());
  // Connections are kept and used again.
  CHECK(server.connections() == static_cast<int>(played.histogram("http_req_connecting").count()));
  CHECK(server.connections() < 100);
}

TEST_CASE("metrics belong to the second of the intended start") {
  ScriptedServer server([](Conversation& conversation) {
    if (conversation.number == 1) conversation.stall(milliseconds(1200));  // ends in second 1, was due in second 0
    ok(conversation);
  });
  const Played played = play(rate_load("1/s", "1s"), server.url());
  const auto series = played.series.find("response_time");
  REQUIRE(series.size() == 1);
  REQUIRE(series[0]->histograms.size() == 1);
  CHECK(series[0]->histograms.first_second() == 0);
}

TEST_CASE("a stalled server cannot hide in an open loop") {
  std::once_flag first;
  std::chrono::steady_clock::time_point stall_end;
  ScriptedServer server([&](Conversation& conversation) {
    // Everything that arrives in 400 ms after the 20th request is answered at their end.
    if (conversation.number >= 20) {
      std::call_once(first, [&] { stall_end = std::chrono::steady_clock::now() + milliseconds(400); });
      const auto left = std::chrono::duration_cast<milliseconds>(stall_end - std::chrono::steady_clock::now());
      if (left.count() > 0) conversation.stall(left);
    }
    ok(conversation);
  });
  const Played played = play(rate_load("100/s", "1s"), server.url());
  const Histogram response_time = played.histogram("response_time");
  CHECK(response_time.count() == 100);
  // Some 30 arrivals came more than 100 ms before the end of the stall, 10 more than 300 ms.
  CHECK(response_time.count_at_or_over(100'000) >= 25);
  CHECK(response_time.count_at_or_over(300'000) >= 8);
  CHECK(played.count("dropped_iterations") == 0);
}

TEST_CASE("an arrival without a free VU is dropped and counted, and its schedule stays") {
  ScriptedServer server([](Conversation& conversation) {
    conversation.stall(milliseconds(200));
    ok(conversation);
  });
  const Played played = play(rate_load("100/s", "500ms", ", max_vus: 2"), server.url());
  CHECK(played.count("scheduled_iterations") == 50);
  CHECK(played.count("dropped_iterations", {{"block", "l"}, {"flow", "a"}}) >= 40);
  CHECK(played.count("iterations") + played.count("dropped_iterations") == 50);
  CHECK(played.count("iterations") == server.requests());
  CHECK(server.connections() <= 2);
}

TEST_CASE("a closed loop sends the next request when the last one is answered") {
  ScriptedServer server(ok);
  const Played played = play("load: {l: {executor: constant-vus, vus: 3, duration: 300ms}}", server.url());
  CHECK(played.finished);
  CHECK(server.requests() > 3);
  CHECK(server.connections() == 3);
  CHECK(played.count("iterations", {{"outcome", "ok"}}) == server.requests());
  CHECK(played.count("scheduled_iterations") == 0);
  CHECK(played.histogram("schedule_lateness").count() == 0);
}

TEST_CASE("any number of loops sends the same requests") {
  std::multiset<std::pair<std::string, std::string>> of_one;
  for (const int loops : {1, 2, 7}) {
    ScriptedServer server(ok);
    PlayOptions options;
    options.loops = loops;
    const Played played = play(
        "data: {orders: {generate: {key: '${uuid()}', n: '${int(1, 99)}'}, repeat: 20%}}\n"
        "flows: {a: [{post: '/x/${orders.n}', json: {key: '${orders.key}'}}]}\n" +
            rate_load("200/s", "300ms", ", arrivals: poisson"),
        server.url(), options);
    const auto log = server.log();
    const std::multiset<std::pair<std::string, std::string>> sent(log.begin(), log.end());
    CHECK(played.count("scheduled_iterations") == static_cast<double>(sent.size()));
    CHECK(sent.size() > 30);
    if (loops == 1) of_one = sent;
    CHECK(sent == of_one);
  }
}

TEST_CASE("a poll is one sample, from the last byte before it until the condition holds") {
  ScriptedServer server([](Conversation& conversation) {
    if (conversation.method() == "POST") return conversation.answer(202, R"({"id":"p7"})");
    conversation.answer(200,
                        conversation.number < 5 ? R"({"status":"processing"})" : R"({"status":"settled","at":"noon"})");
  });
  const Played played = play(
      "flows: {a: [{post: /pay, name: pay, capture: {id: $.id}},"
      "  {poll: '/pay/${id}', name: settled, every: 30ms, until: {json: {$.status: [captured, settled]}}, capture: "
      "{at: $.at}},"
      "  {get: '/at/${at}', name: after}]}\n" +
          rate_load("1/s", "1s"),
      server.url());
  REQUIRE(server.requests() == 6);
  CHECK(server.log()[1].first == "GET /pay/p7 HTTP/1.1");
  CHECK(server.log()[5].first == "GET /at/noon HTTP/1.1");
  const Histogram settled = played.histogram("settled", {{"expected", "true"}, {"flow", "a"}, {"block", "l"}});
  REQUIRE(settled.count() == 1);
  CHECK(settled.min() >= 4 * 29'900);  // four polls, 30 ms apart, the first one 30 ms after the payment
  CHECK(played.count("polls", {{"name", "settled"}}) == 4);
  CHECK(played.count("http_reqs", {{"name", "settled"}, {"status", "200"}}) == 4);
  CHECK(played.histogram("response_time", {{"name", "settled"}}).count() == 0);
  CHECK(played.histogram("response_time").count() == 2);
  CHECK(played.count("iterations", {{"outcome", "ok"}}) == 1);
}

TEST_CASE("a poll whose condition never holds is a failed sample") {
  ScriptedServer server(
      [](Conversation& conversation) { conversation.answer(conversation.method() == "POST" ? 202 : 404, "{}"); });
  const Played played = play(
      "flows: {a: [{post: /pay, name: pay}, {poll: /pay/1, name: settled, every: 20ms, until: {status: 200}, timeout: "
      "200ms},"
      "  {get: /never, name: never}]}\n" +
          rate_load("1/s", "1s"),
      server.url());
  const Histogram settled = played.histogram("settled", {{"expected", "false"}});
  REQUIRE(settled.count() == 1);
  CHECK(settled.min() >= 199'000);
  CHECK(played.histogram("settled", {{"expected", "true"}}).count() == 0);
  CHECK(played.count("errors", {{"name", "settled"}, {"class", "timeout"}}) == 1);
  CHECK(played.count("iterations", {{"outcome", "failed"}}) == 1);
  CHECK(played.count("http_reqs", {{"name", "never"}}) == 0);
  // The payment itself was fine.
  CHECK(played.histogram("response_time", {{"name", "pay"}, {"expected", "true"}}).count() == 1);
}

TEST_CASE("a poll goes on through errors until its time is over") {
  ScriptedServer server([](Conversation& conversation) {
    if (conversation.number == 2) return conversation.reset();
    if (conversation.number == 3) return conversation.answer(503);
    conversation.answer(200, "{}");
  });
  const Played played =
      play("flows: {a: [{post: /pay}, {poll: /pay/1, name: settled, every: 20ms, until: {status: 200}}]}\n" +
               rate_load("1/s", "1s"),
           server.url());
  CHECK(server.requests() == 4);
  CHECK(played.histogram("settled", {{"expected", "true"}}).count() == 1);
  CHECK(played.count("errors", {{"name", "settled"}, {"class", "reset"}}) == 1);
}

TEST_CASE("a later step is due at the last byte before it, plus the think time") {
  ScriptedServer server([](Conversation& conversation) {
    if (conversation.path() == "/slow") conversation.stall(milliseconds(300));
    ok(conversation);
  });
  const Played played = play(
      "flows: {a: [{get: /slow, name: slow}, {think: 400ms}, {get: /quick, name: quick}]}\n" + rate_load("5/s", "1s"),
      server.url());
  CHECK(played.histogram("response_time", {{"name", "slow"}}).min() >= 299'000);
  // Neither the slow step nor the pause is the quick one's.
  CHECK(played.histogram("response_time", {{"name", "quick"}}).min() < 299'000);
  CHECK(played.histogram("iteration_duration").min() >= 699'000);
}

TEST_CASE("answers of every framing are read to their end") {
  struct Case {
    const char* what;
    std::string step;
    std::string answer;
    bool closes;
  };
  const Case rows[] = {
      {"chunked", "{get: /x, expect: {json: {$.a: 12}}}",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{\"a\r\n5\r\n\":12}\r\n0\r\n\r\n", false},
      {"to the end of the connection", "{get: /x, expect: {json: {$.a: 12}}}", "HTTP/1.1 200 OK\r\n\r\n{\"a\":12}",
       true},
      {"no content", "{delete: /x, expect: {status: 204}}", "HTTP/1.1 204 No Content\r\n\r\n", false},
      {"HEAD", "{head: /x}", "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", false},
      {"an interim answer first", "{get: /x, expect: {status: 200}}",
       "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", false},
      {"a body larger than any buffer, not kept", "{get: /x}",
       "HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n" + std::string(3'000'000, 'x'), false},
      {"the same, kept for a capture", "{get: /x, expect: {json: {$.b: 1}}}",
       "HTTP/1.1 200 OK\r\nContent-Length: 1000015\r\n\r\n{\"a\":\"" + std::string(1'000'000, 'x') + "\",\"b\":1}  ",
       false},
      {"the server says that it closes", "{get: /x}",
       "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", true},
  };
  for (const Case& row : rows) {
    INFO(row.what);
    ScriptedServer server([&](Conversation& conversation) {
      conversation.raw(row.answer);
      if (row.closes) conversation.close();
    });
    const Played played = play("flows: {a: [" + row.step + "]}\n" + rate_load("10/s", "300ms"), server.url());
    CHECK(played.count("iterations", {{"outcome", "ok"}}) == 3);
    CHECK(played.count("errors") == 0);
    if (row.closes) CHECK(server.connections() == 3);
  }
}

TEST_CASE("an answer that comes byte by byte is an answer") {
  ScriptedServer server([](Conversation& conversation) {
    for (const char c : std::string("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n{\"a\":12}")) {
      conversation.raw(std::string(1, c));
      conversation.stall(milliseconds(1));
    }
  });
  const Played played =
      play("flows: {a: [{get: /x, capture: {a: $.a}}, {get: '/${a}', name: next}]}\n" + rate_load("2/s", "500ms"),
           server.url());
  CHECK(played.count("iterations", {{"outcome", "ok"}}) == 1);
  CHECK(server.log()[1].first == "GET /12 HTTP/1.1");
}

TEST_CASE("a large request body arrives whole") {
  ScriptedServer server(ok);
  const Played played =
      play("flows: {a: [{post: /x, body: '" + std::string(2'000'000, 'y') + "'}]}\n" + rate_load("2/s", "500ms"),
           server.url());
  REQUIRE(server.requests() == 1);
  CHECK(server.log()[0].second.size() == 2'000'000);
  CHECK(played.count("data_sent") > 2'000'000);
  CHECK(played.count("iterations", {{"outcome", "ok"}}) == 1);
}

TEST_CASE("a failed step ends the iteration, unless it may go on") {
  ScriptedServer server(
      [](Conversation& conversation) { conversation.answer(conversation.path() == "/bad" ? 500 : 200); });
  const Played ends = play("flows: {a: [{get: /bad}, {get: /next}]}\n" + rate_load("1/s", "1s"), server.url());
  CHECK(ends.count("iterations", {{"outcome", "failed"}}) == 1);
  CHECK(server.requests() == 1);
  const Played goes_on =
      play("flows: {a: [{get: /bad, continue: true}, {get: /next}]}\n" + rate_load("1/s", "1s"), server.url());
  CHECK(goes_on.count("iterations", {{"outcome", "failed"}}) == 1);  // it stays failed
  CHECK(server.requests() == 3);
}

TEST_CASE("a unique feeder that runs dry ends the closed loop and is counted") {
  ScriptedServer server(ok);
  const Played played = play(
      "data: {d: {file: DIRECTORY/shops.csv, pick: unique}}\nflows: {a: [{get: '/${d.name}'}]}\n"
      "load: {l: {executor: constant-vus, vus: 2, duration: 20s}}",
      server.url());
  CHECK(played.finished);
  CHECK(server.requests() == 3);
  CHECK(played.count("errors", {{"class", "data"}}) >= 1);
}

}  // namespace tidegate::loadgen
