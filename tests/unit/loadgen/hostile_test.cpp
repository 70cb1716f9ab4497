// Servers that misbehave at length: each request ends in a counted class of error, the run goes on, and memory stays
// bounded. Single misbehaviours, class by class, are in failure_test.cpp.

#include <malloc.h>
#include <sys/resource.h>

#include <functional>

#include "base/file.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/loadgen/played.hpp"
#include "tests/unit/loadgen/scripted_server.hpp"

namespace tidegate::loadgen {
namespace {

using std::chrono::milliseconds;

const std::string kHundred =
    "load: {l: {executor: shared-iterations, vus: 4, iterations: 100, max_duration: 30s, graceful_stop: 1s}}";

std::size_t heap_in_use() {
  const auto info = ::mallinfo2();
  return info.uordblks + info.hblkhd;
}

/// Sends the block as often as it takes for `total` bytes, or until the peer has had enough.
void flood(Conversation& conversation, std::size_t total) {
  const std::string block(1 << 20, 'x');
  for (std::size_t sent = 0; sent < total && conversation.open(); sent += block.size()) conversation.raw(block);
}

}  // namespace

TEST_CASE("every answer is bad: each is counted, and the run goes on") {
  struct Case {
    const char* what;
    ScriptedServer::Script script;
    const char* error;
    const char* step = "";  // more of the step
  };
  const auto bytes = [](std::string raw) {
    return [raw](Conversation& c) {
      c.raw(raw);
      c.close();
    };
  };
  std::string endless_head = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 20'000; ++i) endless_head += "X-" + std::to_string(i) + ": y\r\n";
  const Case rows[] = {
      {"closes at once", [](Conversation& c) { c.close(); }, "closed"},
      {"closes inside the head", bytes("HTTP/1.1 200 OK\r\nContent-Le"), "closed"},
      {"resets", [](Conversation& c) { c.reset(); }, "reset"},
      {"garbage", bytes(std::string(3000, '\x01')), "protocol"},
      {"another protocol", bytes("* OK IMAP4rev1 ready\r\n"), "protocol"},
      {"headers without end", bytes(endless_head), "protocol"},
      {"one header without end", bytes("HTTP/1.1 200 OK\r\nX: " + std::string(300'000, 'y')), "protocol"},
      {"promises more than it sends", bytes("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nshort"), "closed"},
      {"a length below zero", bytes("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello"), "protocol"},
      {"a length beyond numbers", bytes("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n"), "protocol"},
      {"a chunk that is no chunk", bytes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), "protocol"},
      {"a chunk size without end",
       bytes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(9000, '1')), "protocol"},
      {"says nothing in time", [](Conversation& c) { c.stall(milliseconds(2000)); }, "timeout", ", timeout: 20ms"},
  };
  for (const Case& row : rows) {
    INFO(row.what);
    ScriptedServer server(row.script);
    const Played played = play(std::string("flows: {a: [{get: /a") + row.step + "}]}\n" + kHundred, server.url());
    CHECK(played.finished);
    CHECK(played.count("errors", {{"class", row.error}}) == 100);
    CHECK(played.count("http_req_failed") == 100);
    CHECK(played.histogram("response_time", {{"expected", "false"}}).count() == 100);
    CHECK(played.count("iterations", {{"outcome", "failed"}}) == 100);
  }
}

TEST_CASE("a server that resets half of its connections: half of the requests fail") {
  std::atomic<int> turn{0};
  ScriptedServer server([&](Conversation& conversation) {
    if (++turn % 2 == 0) return conversation.reset();
    conversation.answer(200, "{}");
  });
  const Played played = play(kHundred, server.url());
  CHECK(played.finished);
  CHECK(played.count("iterations", {{"outcome", "ok"}}) == 50);
  CHECK(played.count("errors", {{"class", "reset"}}) == 50);
}

TEST_CASE("surplus bytes after an answer: the answer counts, the connection goes") {
  ScriptedServer server(
      [](Conversation& c) { c.raw("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 500 No\r\n\r\n"); });
  const Played played = play(kHundred, server.url());
  CHECK(played.count("iterations", {{"outcome", "ok"}}) == 100);
  CHECK(server.connections() == 100);
}

TEST_CASE("a gigabyte of body is counted, not kept; one that must be kept is refused at its limit") {
  constexpr std::size_t kGigabyte = std::size_t{1} << 30;
  const auto script = [](Conversation& conversation) {
    if (conversation.path() == "/small") return conversation.answer(200, "{}");
    conversation.raw("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(kGigabyte) + "\r\n\r\n");
    flood(conversation, kGigabyte);
  };
  const char* load = "load: {l: {executor: per-vu-iterations, vus: 1, iterations: 1}}";
  {
    ScriptedServer server(script);
    const std::size_t before = heap_in_use();
    const Played played = play(std::string("flows: {a: [{get: /big}, {get: /small}]}\n") + load, server.url());
    CHECK(played.count("iterations", {{"outcome", "ok"}}) == 1);
    CHECK(played.count("data_received") > static_cast<double>(kGigabyte));
    CHECK(heap_in_use() < before + (64U << 20));
  }
  {
    ScriptedServer server(script);
    const Played played = play(std::string("flows: {a: [{get: /big, capture: {id: $.id}}]}\n") + load, server.url());
    CHECK(played.count("errors", {{"class", "protocol"}}) == 1);
  }
}

TEST_CASE("a body that comes faster than it can be read does not keep others from their turn") {
  std::atomic<bool> flooding{true};
  ScriptedServer server([&](Conversation& conversation) {
    if (conversation.path() == "/small") return conversation.answer(200, "{}");
    conversation.raw("HTTP/1.1 200 OK\r\n\r\n");  // to the end of the connection
    while (flooding && conversation.open()) flood(conversation, 4 << 20);
    conversation.close();
  });
  PlayOptions options;
  options.while_playing = [&] {
    if (server.requests() > 20) flooding = false;  // the small ones came through beside the flood
  };
  const Played played = play(
      "flows: {big: [{get: /big, timeout: 50s}], small: [{get: /small}]}\n"
      "load:\n"
      "  flood: {executor: per-vu-iterations, flows: {big: 100}, vus: 1, iterations: 1}\n"
      "  others: {executor: constant-arrival-rate, flows: {small: 100}, rate: 50/s, duration: 500ms}\n",
      server.url(), options);
  CHECK(played.finished);
  CHECK(played.count("iterations", {{"block", "others"}, {"outcome", "ok"}}) == 25);
  CHECK(played.count("iterations", {{"block", "flood"}, {"outcome", "ok"}}) == 1);
}

TEST_CASE("one byte at a time, for ever: a timeout") {
  ScriptedServer server([](Conversation& conversation) {
    conversation.raw("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
    while (conversation.open()) {
      conversation.raw("x");
      conversation.stall(milliseconds(5));
      if (conversation.stopping()) return;
    }
  });
  const Played played = play(
      "flows: {a: [{get: /a, timeout: 150ms}]}\n"
      "load: {l: {executor: per-vu-iterations, vus: 3, iterations: 2}}",
      server.url());
  CHECK(played.count("errors", {{"class", "timeout"}}) == 6);
  CHECK(played.histogram("response_time").max() < 5'000'000);
}

TEST_CASE("interim answers without end: a timeout, in bounded memory") {
  ScriptedServer server([](Conversation& conversation) {
    const std::string many = [] {
      std::string text;
      for (int i = 0; i < 1000; ++i) text += "HTTP/1.1 100 Continue\r\n\r\n";
      return text;
    }();
    while (conversation.open() && !conversation.stopping()) conversation.raw(many);
  });
  const std::size_t before = heap_in_use();
  const Played played = play(
      "flows: {a: [{get: /a, timeout: 200ms}]}\n"
      "load: {l: {executor: per-vu-iterations, vus: 1, iterations: 1}}",
      server.url());
  CHECK(played.count("errors", {{"class", "timeout"}}) == 1);
  CHECK(heap_in_use() < before + (32U << 20));
}

TEST_CASE("out of descriptors: counted, unsent, and no sample of the system") {
  ScriptedServer server([](Conversation& conversation) {
    conversation.stall(milliseconds(300));
    conversation.answer(200, "{}", "Connection: close\r\n");
    conversation.close();  // the server's descriptors are the same process's: they come back
  });
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  PlayOptions options;
  options.before_start = [&] {
    // What is open now, and a few connections more; the server's own end of each counts too.
    const FileDescriptor next(::dup(0));
    rlimit tight = before;
    tight.rlim_cur = static_cast<rlim_t>(next.get()) + 12;
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &tight) == 0);
  };
  const Played played =
      play("load: {l: {executor: constant-arrival-rate, rate: 100/s, duration: 300ms}}", server.url(), options);
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  const double unsent = played.count("errors", {{"class", "descriptors"}});
  CHECK(unsent > 0);
  CHECK(played.count("dropped_iterations") == unsent);
  CHECK(played.count("scheduled_iterations") == 30);
  CHECK(played.count("iterations") + played.count("dropped_iterations") == 30);
  CHECK(static_cast<double>(played.histogram("response_time").count()) == 30 - unsent);
  CHECK(played.count("http_reqs") == 30 - unsent);
}

}  // namespace tidegate::loadgen
