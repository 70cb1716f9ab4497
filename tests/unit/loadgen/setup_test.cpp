#include <string>

#include "loadgen/engine.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/loadgen/played.hpp"
#include "tests/unit/loadgen/scripted_server.hpp"
#include "tests/unit/loadgen/sections_text.hpp"

namespace tidegate::loadgen {
namespace {

const std::string kSetup =
    "data: {shops: {file: DIRECTORY/shops.csv, pick: sequential}}\n"
    "setup:\n"
    "  - {get: /token, name: log in, capture: {session: $.session, zone: {header: X-Zone}}}\n"
    "  - {post: /shops, name: open shop, for_each: shops, headers: {Authorization: 'Bearer ${stack.operator_token}', "
    "S: '${session}'},\n"
    "     json: {name: '${shops.name}', currency: '${shops.currency}'}, capture: {key: $.key}}\n"
    "flows: {a: [{get: '/pay/${shops.name}/${shops.key}/${session}/${zone}'}]}\n"
    "load: {l: {executor: constant-arrival-rate, rate: 10/s, duration: 300ms}}\n";

void answer_setup(Conversation& conversation) {
  if (conversation.path() == "/token") return conversation.answer(200, R"({"session":"s-1"})", "X-Zone: north\r\n");
  if (conversation.method() == "GET") return conversation.answer(200);
  if (conversation.header("Authorization") != "Bearer s3cret" || conversation.header("S") != "s-1")
    return conversation.answer(401);
  const std::string& body = conversation.body;
  conversation.answer(201, R"({"key":"key-of-)" + body.substr(9, body.find('"', 9) - 9) + R"("})");
}

std::string setup_error(const std::string& sections, const std::string& url,
                        Nanoseconds limit = std::chrono::seconds(20)) {
  const Compiled compiled = compile_text(with_defaults(sections));
  INFO(compiled.messages);
  REQUIRE(compiled.plan);
  EngineOptions options;
  options.base_url = url;
  options.stack = {{"operator_token", "s3cret"}};
  options.setup_timeout = limit;
  auto engine = Engine::create(*compiled.plan, options);
  REQUIRE(engine.ok());
  const auto done = (*engine)->run_setup();
  return done.ok() ? std::string("no error") : done.error().message;
}

}  // namespace

TEST_CASE("what set-up captures is read by the flows") {
  ScriptedServer server(answer_setup);
  const Played played = play(kSetup, server.url());
  CHECK(played.count("iterations", {{"outcome", "ok"}}) == 3);
  const auto log = server.log();
  REQUIRE(log.size() == 7);
  CHECK(log[4].first == "GET /pay/Ada/key-of-Ada/s-1/north HTTP/1.1");
  CHECK(log[5].first == "GET /pay/Bob/key-of-Bob/s-1/north HTTP/1.1");
  CHECK(log[6].first == "GET /pay/Cy/key-of-Cy/s-1/north HTTP/1.1");
  // Set-up is not load.
  CHECK(played.count("http_reqs") == 3);
}

TEST_CASE("set-up errors name the step, the row and the answer") {
  struct Case {
    const char* what;
    std::function<void(Conversation&)> script;
    const char* message;
  };
  const Case rows[] = {
      {"a refusal", [](Conversation& c) { c.path() == "/token" ? answer_setup(c) : c.answer(403, "no entry"); },
       " of shops: the answer was 403 Forbidden: no entry"},
      {"an answer without the value",
       [](Conversation& c) { c.path() == "/token" ? answer_setup(c) : c.answer(201, "{}"); },
       "the answer holds no $.key to capture as 'key': {}"},
      {"an answer without the header", [](Conversation& c) { c.answer(200, R"({"session":"s"})"); },
       "set-up step 'log in': the answer holds no header X-Zone to capture as 'zone'"},
      {"a connection that ends", [](Conversation& c) { c.reset(); }, "set-up step 'log in': "},
  };
  for (const Case& row : rows) {
    INFO(row.what);
    ScriptedServer server(row.script);
    const std::string message = setup_error(kSetup, server.url());
    INFO(message);
    CHECK(message.find(row.message) != std::string::npos);
  }
}

TEST_CASE("set-up against nobody, or against a server that hangs, ends with a message") {
  CHECK(setup_error(kSetup, "http://127.0.0.1:" + std::to_string(unused_port())).find("set-up step 'log in'") == 0);
  ScriptedServer hangs([](Conversation& conversation) { conversation.stall(std::chrono::seconds(30)); });
  CHECK(setup_error(kSetup, hangs.url(), std::chrono::milliseconds(200)).find("set-up step 'log in'") == 0);
  CHECK(setup_error("setup: [{get: /x, timeout: 100ms, name: slow}]", hangs.url()).find("set-up step 'slow'") == 0);
}

TEST_CASE("an interrupt ends set-up") {
  ScriptedServer hangs([](Conversation& conversation) { conversation.stall(std::chrono::seconds(30)); });
  const Compiled compiled = compile_text(with_defaults("setup: [{get: /x, timeout: 30s, name: slow}]"));
  REQUIRE(compiled.plan);
  EngineOptions options;
  options.base_url = hangs.url();
  options.interrupted = [&] { return hangs.requests() > 0; };
  auto engine = Engine::create(*compiled.plan, options);
  REQUIRE(engine.ok());
  const auto done = (*engine)->run_setup();
  REQUIRE_FALSE(done.ok());
  CHECK(done.error().kind == Error::Kind::closed);
}

TEST_CASE("addresses that cannot be one are refused when the engine is made") {
  const Compiled compiled = compile_text(with_defaults(""));
  REQUIRE(compiled.plan);
  for (const char* url : {"", "127.0.0.1:80", "http://", "ftp://x", "unix:"}) {
    INFO(url);
    EngineOptions options;
    options.base_url = url;
    const auto engine = Engine::create(*compiled.plan, options);
    REQUIRE_FALSE(engine.ok());
    CHECK(engine.error().kind == Error::Kind::usage);
  }
}

TEST_CASE("an engine that never started stops, swaps and goes") {
  const Compiled compiled = compile_text(with_defaults(""));
  EngineOptions options;
  options.base_url = "http://127.0.0.1:1";
  auto engine = Engine::create(*compiled.plan, options);
  REQUIRE(engine.ok());
  CHECK_FALSE((*engine)->finished());
  (*engine)->stop_arrivals();
  (*engine)->stop(std::chrono::seconds(1));
  (*engine)->take_operations([](std::span<const record::Operation>) { FAIL("an operation"); });
  CHECK((*engine)->swap().requests == 0);
}

}  // namespace tidegate::loadgen
