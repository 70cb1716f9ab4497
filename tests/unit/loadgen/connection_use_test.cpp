// Which connection a request takes, and how fast new ones are made.

#include "tests/support/catch.hpp"
#include "tests/unit/loadgen/played.hpp"
#include "tests/unit/loadgen/scripted_server.hpp"
#include "tests/unit/loadgen/sections_text.hpp"

namespace tidegate::loadgen {
namespace {

std::string load(const std::string& more) {
  return "load: {l: {executor: per-vu-iterations, vus: 4, iterations: 10" + more + "}}";
}

void ok(Conversation& conversation) {
  conversation.answer(200, "{}");
}

}  // namespace

TEST_CASE("shared, own and fresh connections") {
  struct Case {
    const char* use;
    int least, most;
  };
  const Case rows[] = {
      {"shared", 1, 4},  // as few as there were requests in flight
      {"per_vu", 4, 4},
      {"fresh", 40, 40},
  };
  for (const Case& row : rows) {
    INFO(row.use);
    ScriptedServer server(ok);
    const Played played = play(load(std::string(", connections: ") + row.use), server.url());
    CHECK(server.requests() == 40);
    CHECK(played.count("errors") == 0);
    CHECK(server.connections() >= row.least);
    CHECK(server.connections() <= row.most);
    CHECK(played.histogram("http_req_connecting").count() == static_cast<std::uint64_t>(server.connections()));
    // Every request has a sample of each of these; waiting for a connection is 0 where one was open.
    CHECK(played.histogram("http_req_blocked").count() == 40);
    CHECK(played.histogram("http_req_sending").count() == 40);
    CHECK(played.histogram("http_req_receiving").count() == 40);
    CHECK(played.count("checks", {{"passed", "true"}}) == 40);
    CHECK(played.count("checks", {{"passed", "false"}}) == 0);
  }
}

TEST_CASE("a VU whose own connection was closed makes another") {
  ScriptedServer server([](Conversation& conversation) {
    conversation.answer(200, "{}", "Connection: close\r\n");
    conversation.close();
  });
  const Played played = play(load(", connections: per_vu"), server.url());
  CHECK(played.count("iterations", {{"outcome", "ok"}}) == 40);
  CHECK(server.connections() == 40);
}

TEST_CASE("new connections come at their rate, and waiting for one is time blocked") {
  ScriptedServer server(ok);
  const Played played =
      play("load: {l: {executor: per-vu-iterations, vus: 5, iterations: 1, connections: fresh, connect_rate: 20/s}}",
           server.url());
  CHECK(played.count("iterations", {{"outcome", "ok"}}) == 5);
  CHECK(played.histogram("http_req_blocked").max() >= 199'000);  // the fifth waits for four turns of 50 ms
  CHECK(played.histogram("response_time").max() >= 199'000);     // and that counts
  CHECK(played.histogram("http_req_duration").max() < 199'000);  // but not as time of the system
}

TEST_CASE("a turn that comes after the deadline is a timeout, and nothing was sent") {
  ScriptedServer server(ok);
  const Played played = play(
      "flows: {a: [{get: /a, timeout: 100ms}]}\n"
      "load: {l: {executor: per-vu-iterations, vus: 2, iterations: 1, connections: fresh, connect_rate: 1/s}}",
      server.url());
  CHECK(played.count("errors", {{"class", "timeout"}}) == 1);
  CHECK(server.requests() == 1);
}

TEST_CASE("more connections than the process may open are refused before anything starts") {
  const Compiled compiled = compile_text(
      with_defaults("load: {l: {executor: constant-vus, vus: 900000, duration: 1s, connections: per_vu}}"));
  REQUIRE(compiled.plan);
  EngineOptions options;
  options.base_url = "http://127.0.0.1:1";
  const auto engine = Engine::create(*compiled.plan, options);
  REQUIRE_FALSE(engine.ok());
  CHECK(engine.error().message.find("load block 'l' keeps a connection for each VU, 900064 descriptors") == 0);
  CHECK(engine.error().message.find("ulimit -n") != std::string::npos);
}

}  // namespace tidegate::loadgen
