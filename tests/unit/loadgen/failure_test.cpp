// Bad servers, retries, interrupts, and what the operation history says about them.

#include <sys/resource.h>
#include <unistd.h>

#include <map>
#include <string>

#include "base/file.hpp"
#include "base/random.hpp"
#include "loadgen/connection.hpp"
#include "loadgen/recorder.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/loadgen/played.hpp"
#include "tests/unit/loadgen/scripted_server.hpp"

namespace tidegate::loadgen {
namespace {

using record::OperationEvent;
using std::chrono::milliseconds;

const std::string kPayment =
    "data: {orders: {generate: {key: '${uuid()}', amount: '${int(100, 999)}'}}}\n"
    "flows: {a: [{post: /pay, name: pay, headers: {Idempotency-Key: '${orders.key}'}, json: {amount: "
    "'${orders.amount}'},"
    "  operation: {kind: payment, key: '${orders.key}', scope: shop-1, amount: '${orders.amount}', currency: EUR}, "
    "MORE}]}\n"
    "load: {l: {executor: constant-arrival-rate, rate: 1/s, duration: 1s}}\n";

std::string payment_with(const std::string& more) {
  std::string text = kPayment;
  return text.replace(text.find("MORE"), 4, more);
}

/// Every invocation has exactly one completion, later and with the same key and attempt.
void check_complete(const std::vector<record::Operation>& operations) {
  std::map<std::pair<std::string, int>, std::pair<int, int>> seen;  // (key, attempt) to invocations and completions
  for (const record::Operation& operation : operations) {
    auto& [invocations, completions] = seen[{std::string(operation.key_text()), operation.attempt}];
    if (operation.event == OperationEvent::invoke) {
      ++invocations;
      CHECK(completions == 0);
    } else {
      ++completions;
    }
  }
  for (const auto& [key, counts] : seen) {
    CHECK(counts.first == 1);
    CHECK(counts.second == 1);
  }
}

}  // namespace

TEST_CASE("what a server does becomes an error class and an outcome of the operation") {
  struct Case {
    const char* what;
    std::function<void(Conversation&)> script;
    const char* error;  ///< class; empty: none
    OperationEvent outcome;
    int status;
  };
  const auto status = [](int code) { return [code](Conversation& c) { c.answer(code, R"({"id":"p1"})"); }; };
  const auto bytes = [](std::string raw) {
    return [raw](Conversation& c) {
      c.raw(raw);
      c.close();
    };
  };
  const Case rows[] = {
      {"accepted", status(202), "", OperationEvent::ok, 202},
      {"accepted, though not what was expected", [](Conversation& c) { c.answer(200, R"({"id":"p1"})"); }, "status",
       OperationEvent::ok, 200},
      {"accepted without an id", [](Conversation& c) { c.answer(202, "{}"); }, "capture", OperationEvent::ok, 202},
      {"a refusal is final", status(422), "status", OperationEvent::fail, 422},
      {"so is a missing page", status(404), "status", OperationEvent::fail, 404},
      {"a conflict is not", status(409), "status", OperationEvent::unknown, 409},
      {"nor a request to wait", status(429), "status", OperationEvent::unknown, 429},
      {"nor a timeout of theirs", status(408), "status", OperationEvent::unknown, 408},
      {"a redirect says nothing", status(302), "status", OperationEvent::unknown, 302},
      {"an error of the server is open", status(500), "status", OperationEvent::unknown, 500},
      {"so is a server that is away", status(503), "status", OperationEvent::unknown, 503},
      {"closed without a word", [](Conversation& c) { c.close(); }, "closed", OperationEvent::unknown, 0},
      {"closed inside the body", bytes("HTTP/1.1 202 Accepted\r\nContent-Length: 100\r\n\r\n{\"id\":"), "closed",
       OperationEvent::unknown, 0},
      {"reset", [](Conversation& c) { c.reset(); }, "reset", OperationEvent::unknown, 0},
      {"garbage", bytes("SSH-2.0-OpenSSH_9.2\r\n"), "protocol", OperationEvent::unknown, 0},
      {"a length that is none", bytes("HTTP/1.1 202 Accepted\r\nContent-Length: ten\r\n\r\n"), "protocol",
       OperationEvent::unknown, 0},
      {"two lengths", bytes("HTTP/1.1 202 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx"), "protocol",
       OperationEvent::unknown, 0},
      {"headers without end", bytes("HTTP/1.1 202 OK\r\n" + std::string(200'000, 'a')), "protocol",
       OperationEvent::unknown, 0},
      {"no answer in time", [](Conversation& c) { c.stall(milliseconds(1500)); }, "timeout", OperationEvent::unknown,
       0},
      {"a head in time, a body too late",
       [](Conversation& c) {
         c.raw("HTTP/1.1 202 OK\r\nContent-Length: 5\r\n\r\n{");
         c.stall(milliseconds(1500));
       },
       "timeout", OperationEvent::unknown, 0},
  };
  for (const Case& row : rows) {
    INFO(row.what);
    ScriptedServer server(row.script);
    const Played played =
        play(payment_with("timeout: 700ms, expect: {status: 202}, capture: {id: $.id}"), server.url());
    CHECK(server.requests() == 1);
    const bool good = std::string(row.error).empty();
    CHECK(played.count("errors") == (good ? 0 : 1));
    if (!good) CHECK(played.count("errors", {{"class", row.error}, {"name", "pay"}}) == 1);
    CHECK(played.count("http_req_failed") == (good ? 0 : 1));
    CHECK(played.count("http_reqs", {{"status", std::to_string(row.status)}, {"expected", good ? "true" : "false"}}) ==
          1);
    // Failed samples are samples, with the time they took.
    CHECK(played.histogram("response_time", {{"expected", good ? "true" : "false"}}).count() == 1);
    CHECK(played.histogram("response_time").count() == 1);
    CHECK(played.count("iterations", {{"outcome", good ? "ok" : "failed"}}) == 1);
    REQUIRE(played.operations.size() == 2);
    check_complete(played.operations);
    CHECK(played.operations[1].event == row.outcome);
    CHECK(played.operations[1].status == row.status);
    CHECK(played.operations[1].id_text() == (good ? "p1" : ""));
  }
}

TEST_CASE("nobody listens: refused, and the operation did not happen") {
  const Played played = play(payment_with("timeout: 2s"), "http://127.0.0.1:" + std::to_string(unused_port()));
  CHECK(played.count("errors", {{"class", "refused"}}) == 1);
  REQUIRE(played.operations.size() == 2);
  CHECK(played.operations[1].event == OperationEvent::fail);
  CHECK(played.count("http_reqs", {{"status", "0"}, {"expected", "false"}}) == 1);
}

TEST_CASE("nobody listens in a closed loop: it goes on, and it ends in time") {
  const Played played = play("load: {l: {executor: constant-vus, vus: 2, duration: 200ms}}",
                             "http://127.0.0.1:" + std::to_string(unused_port()));
  CHECK(played.finished);
  CHECK(played.count("errors", {{"class", "refused"}}) > 2);
}

TEST_CASE("a retry sends the same key and body, and the step's outcome is the last attempt's") {
  ScriptedServer server([](Conversation& conversation) {
    if (conversation.number == 1) return conversation.answer(503);
    if (conversation.number == 2) return conversation.close();
    conversation.answer(202, R"({"id":"p9"})");
  });
  const Played played =
      play(payment_with("capture: {id: $.id}, retry: {within: 10s, every: 50ms, when: [503, reset]}"), server.url());
  REQUIRE(server.requests() == 3);
  CHECK(server.log()[0] == server.log()[1]);
  CHECK(server.log()[0] == server.log()[2]);
  CHECK(played.count("http_reqs") == 3);
  CHECK(played.count("http_reqs", {{"expected", "true"}}) == 1);
  CHECK(played.count("errors", {{"class", "status"}}) == 1);
  CHECK(played.count("errors", {{"class", "closed"}}) == 1);
  CHECK(played.count("iterations", {{"outcome", "ok"}}) == 1);
  const Histogram response_time = played.histogram("response_time");
  REQUIRE(response_time.count() == 1);  // one sample, over all attempts
  CHECK(response_time.min() >= 99'000);
  CHECK(played.histogram("response_time", {{"expected", "true"}}).count() == 1);
  REQUIRE(played.operations.size() == 6);
  check_complete(played.operations);
  CHECK(played.operations[1].event == OperationEvent::unknown);
  CHECK(played.operations[3].event == OperationEvent::unknown);
  CHECK(played.operations[5].event == OperationEvent::ok);
  CHECK(played.operations[5].attempt == 3);
  CHECK(played.operations[5].id_text() == "p9");
}

TEST_CASE("retries end with their time, and only for what they name") {
  ScriptedServer always([](Conversation& conversation) { conversation.answer(503); });
  const Played ended = play(payment_with("retry: {within: 500ms, every: 120ms, when: [503]}"), always.url());
  CHECK(always.requests() >= 2);
  CHECK(always.requests() <= 5);  // at 0, 120, 240, 360 and 480 ms at the soonest
  CHECK(ended.count("iterations", {{"outcome", "failed"}}) == 1);
  CHECK(ended.histogram("response_time", {{"expected", "false"}}).count() == 1);
  check_complete(ended.operations);

  ScriptedServer other([](Conversation& conversation) { conversation.answer(500); });
  play(payment_with("retry: {within: 10s, every: 1ms, when: [503, timeout]}"), other.url());
  CHECK(other.requests() == 1);
}

TEST_CASE("the history names key, scope, amount and repeats") {
  ScriptedServer server([](Conversation& conversation) { conversation.answer(202, "{}"); });
  const Played played = play(
      "data: {orders: {generate: {key: '${uuid()}', amount: '${int(100, 999)}'}, repeat: 50%, among: 5}}\n"
      "flows: {a: [{think: 1ms}, {post: /pay, headers: {Idempotency-Key: '${orders.key}'}, json: {amount: "
      "'${orders.amount}'},"
      "  operation: {kind: payment, key: '${orders.key}', scope: shop-1, amount: '${orders.amount}', currency: "
      "EUR}}]}\n"
      "load: {l: {executor: constant-arrival-rate, rate: 100/s, duration: 400ms}}\n",
      server.url());
  REQUIRE(played.operations.size() == 80);
  std::map<std::string, std::int64_t> amounts;
  int repeats = 0;
  for (const record::Operation& operation : played.operations) {
    CHECK(operation.kind_text() == "payment");
    CHECK(operation.currency_text() == "EUR");
    CHECK(operation.scope == stable_hash("shop-1"));
    CHECK(operation.step == 1);
    CHECK(operation.block == 0);
    CHECK(operation.key_text().size() == 36);
    CHECK(operation.amount >= 100);
    if (operation.event != OperationEvent::invoke) continue;
    CHECK(operation.repeat == !amounts.try_emplace(std::string(operation.key_text()), operation.amount).second);
    CHECK(amounts[std::string(operation.key_text())] == operation.amount);
    repeats += operation.repeat;
  }
  CHECK(repeats > 5);
  CHECK(repeats < 35);
}

TEST_CASE("a soft stop lets iterations finish") {
  ScriptedServer server([](Conversation& conversation) {
    conversation.stall(milliseconds(300));
    conversation.answer(202, "{}");
  });
  PlayOptions options;
  options.stop_at_once = true;
  options.stop_after = milliseconds(150);
  const Played played =
      play("load: {l: {executor: constant-arrival-rate, rate: 100/s, duration: 30s}}", server.url(), options);
  CHECK_FALSE(played.finished);
  CHECK(played.count("iterations", {{"outcome", "ok"}}) == server.requests());
  CHECK(played.count("iterations", {{"outcome", "interrupted"}}) == 0);
  CHECK(played.count("iterations") + played.count("dropped_iterations") == played.count("scheduled_iterations"));
  CHECK(server.requests() > 0);
  CHECK(server.requests() < 1500);
}

TEST_CASE("a hard stop interrupts what hangs, and says so everywhere") {
  ScriptedServer server([](Conversation& conversation) { conversation.stall(milliseconds(20'000)); });
  PlayOptions options;
  options.stop_at_once = true;
  options.stop_after = milliseconds(200);
  options.grace = milliseconds(50);
  const Played played = play(
      "flows: {a: [{post: /pay, operation: {kind: payment, key: '${uuid()}'}}]}\n"
      "load: {l: {executor: constant-arrival-rate, rate: 50/s, duration: 30s}}",
      server.url(), options);
  const double interrupted = played.count("iterations", {{"outcome", "interrupted"}});
  CHECK(interrupted > 0);
  CHECK(interrupted + played.count("dropped_iterations") == played.count("scheduled_iterations"));
  CHECK(played.count("errors", {{"class", "interrupted"}}) == interrupted);
  CHECK(played.histogram("response_time", {{"expected", "false"}}).count() == static_cast<std::uint64_t>(interrupted));
  check_complete(played.operations);
  for (const record::Operation& operation : played.operations) {
    CHECK((operation.event == OperationEvent::invoke || operation.event == OperationEvent::unknown));
  }
  CHECK(played.last.vus == 0);
}

TEST_CASE("an interrupt ends pauses, polls and waits between retries") {
  ScriptedServer server(
      [](Conversation& conversation) { conversation.answer(conversation.path() == "/busy" ? 503 : 200, "{}"); });
  for (const char* step : {"{think: 1h}", "{poll: /x, name: never, until: {status: 299}, timeout: 1h}",
                           "{get: /busy, name: again, retry: {within: 1h, every: 30m, when: [503]}}"}) {
    INFO(step);
    PlayOptions options;
    options.stop_at_once = true;
    options.stop_after = milliseconds(200);
    options.grace = milliseconds(10);
    const Played played = play(std::string("flows: {a: [{get: /first}, ") + step +
                                   "]}\n"
                                   "load: {l: {executor: constant-arrival-rate, rate: 20/s, duration: 30s}}",
                               server.url(), options);
    CHECK(played.count("iterations", {{"outcome", "interrupted"}}) > 0);
    CHECK(played.count("iterations", {{"outcome", "ok"}}) == 0);
  }
}

TEST_CASE("a server that restarts closes idle connections: the next request takes a fresh one") {
  ScriptedServer server([](Conversation& conversation) {
    conversation.answer(200, "{}");
    conversation.close();  // after the answer, and without saying so
  });
  const Played played = play("load: {l: {executor: constant-arrival-rate, rate: 10/s, duration: 1s}}", server.url());
  CHECK(played.count("iterations", {{"outcome", "ok"}}) >= 9);  // a close that crosses a request in flight is an error
  CHECK(server.connections() == 10);
}

TEST_CASE("no descriptor left is an error class of its own") {
  auto reactor = Reactor::create();
  REQUIRE(reactor.ok());
  auto addresses = resolve_addresses("127.0.0.1", std::to_string(unused_port()));
  REQUIRE(addresses.ok());
  ConnectionPool pool(*reactor, *addresses);
  Connection& connection = pool.take_closed();
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  const FileDescriptor next(::dup(0));
  rlimit tight = before;
  tight.rlim_cur = static_cast<rlim_t>(next.get()) + 1;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &tight) == 0);
  ErrorClass error = ErrorClass::none;
  const Io io = connection.connect(pool.addresses()[0], *reactor, error);
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK(io == Io::failed);
  CHECK(error == ErrorClass::descriptors);
  pool.give_back(connection);
}

TEST_CASE("outcomes of operations, status by status") {
  struct Case {
    int status;
    bool sent;
    OperationEvent outcome;
  };
  const Case rows[] = {
      {0, false, OperationEvent::fail},    // nothing left the generator
      {0, true, OperationEvent::unknown},  // it may have arrived
      {200, true, OperationEvent::ok},      {201, true, OperationEvent::ok},      {299, true, OperationEvent::ok},
      {301, true, OperationEvent::unknown}, {400, true, OperationEvent::fail},    {402, true, OperationEvent::fail},
      {408, true, OperationEvent::unknown}, {409, true, OperationEvent::unknown}, {425, true, OperationEvent::unknown},
      {429, true, OperationEvent::unknown}, {499, true, OperationEvent::fail},    {500, true, OperationEvent::unknown},
      {599, true, OperationEvent::unknown},
  };
  for (const Case& row : rows) {
    INFO(row.status);
    CHECK(operation_outcome(row.status, row.sent) == row.outcome);
  }
}

}  // namespace tidegate::loadgen
