// Steps within steps, bodies, captures, cookies, redirects and metrics of the user's own, against scripted servers.

#include <algorithm>
#include <atomic>
#include <set>
#include <string>

#include "loadgen/digest.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/loadgen/played.hpp"
#include "tests/unit/loadgen/scripted_server.hpp"
#include "tests/unit/loadgen/sections_text.hpp"

namespace tidegate::loadgen {
namespace {

const std::string kOnce = "load: {l: {executor: constant-arrival-rate, rate: 1/s, duration: 1s}}\n";

std::string rate_load(const std::string& rate, const std::string& duration, const std::string& more = {}) {
  return "load: {l: {executor: constant-arrival-rate, rate: " + rate + ", duration: " + duration + more + "}}\n";
}

void ok(Conversation& conversation) {
  conversation.answer(200, R"({"id":"p1","n":3,"kind":"express"})");
}

/// Paths in the order of their arrival, without query.
std::vector<std::string> paths(const ScriptedServer& server) {
  std::vector<std::string> out;
  for (const auto& [line, body] : server.log()) {
    const std::size_t start = line.find(' ') + 1;
    out.push_back(line.substr(start, line.find(' ', start) - start));
  }
  return out;
}

}  // namespace

TEST_CASE("control leads through steps") {
  struct Row {
    const char* name;
    const char* steps;
    std::vector<std::string> paths;
  };
  const Row rows[] = {
      {"a loop", "[{loop: 3, steps: [{get: /a}]}, {get: /b}]", {"/a", "/a", "/a", "/b"}},
      {"turns from an answer",
       "[{get: /a, capture: {n: $.n}}, {loop: '${n}', steps: [{get: /b}]}]",
       {"/a", "/b", "/b", "/b"}},
      {"no turn", "[{get: /a}, {loop: '${int(0, 0)}', steps: [{get: /b}]}, {get: /c}]", {"/a", "/c"}},
      {"while", "[{get: /a, capture: {n: $.n}}, {loop: 9, while: '${n} > 3', steps: [{get: /b}]}]", {"/a"}},
      {"loops in loops",
       "[{loop: 2, steps: [{get: /a}, {loop: 2, steps: [{get: /b}]}]}]",
       {"/a", "/b", "/b", "/a", "/b", "/b"}},
      {"then",
       "[{get: /a, capture: {kind: $.kind}}, {if: '${kind} == express', then: [{get: /b}], else: [{get: /c}]}]",
       {"/a", "/b"}},
      {"else",
       "[{get: /a, capture: {kind: $.kind}}, {if: '${kind} != express', then: [{get: /b}], else: [{get: /c}]}]",
       {"/a", "/c"}},
      {"without else", "[{get: /a, capture: {n: $.n}}, {if: '${n} < 3', then: [{get: /b}]}, {get: /c}]", {"/a", "/c"}},
      {"numbers, not texts", "[{get: /a, capture: {n: $.n}}, {if: '${n} < 10', then: [{get: /b}]}]", {"/a", "/b"}},
      {"a regular expression",
       "[{get: /a, capture: {kind: $.kind}}, {if: '${kind} ~ ^exp', then: [{get: /b}]}]",
       {"/a", "/b"}},
      {"a value that is set", "[{get: /a, capture: {id: $.id}}, {if: '${id}', then: [{get: /b}]}]", {"/a", "/b"}},
      {"a certain choice",
       "[{choose: [{weight: 0, steps: [{get: /a}]}, {weight: 100, steps: [{get: /b}]}]}, {get: /c}]",
       {"/b", "/c"}},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    ScriptedServer server(ok);
    const Played played = play("flows: {a: " + std::string(row.steps) + "}\n" + kOnce, server.url());
    CHECK(played.count("iterations", {{"outcome", "ok"}}) == 1);
    CHECK(paths(server) == row.paths);
  }
}

TEST_CASE("each turn of a loop draws anew") {
  ScriptedServer server(ok);
  play("flows: {a: [{loop: 20, steps: [{get: '/${uuid()}', name: x}]}]}\n" + kOnce, server.url());
  const auto seen = paths(server);
  CHECK(seen.size() == 20);
  CHECK(std::set<std::string>(seen.begin(), seen.end()).size() == 20);
}

TEST_CASE("turns that never wait leave the loop its other work") {
  PlayOptions options;
  options.grace = Nanoseconds{0};
  options.stop_at_once = true;
  options.stop_after = std::chrono::seconds(1);
  const Played played =
      play("flows: {a: [{loop: 100000, steps: [{get: /a, continue: true}]}]}\n" + rate_load("20/s", "500ms"),
           "http://127.0.0.1:" + std::to_string(unused_port()), options);
  CHECK(played.count("scheduled_iterations") == 10);
  CHECK(played.count("errors", {{"class", "refused"}}) > 0);
}

TEST_CASE("choices are drawn by weight") {
  ScriptedServer server(ok);
  const std::string flow =
      "flows: {a: [{choose: [{weight: 80, steps: [{get: /a}]}, {weight: 20, steps: [{get: /b}]}]}]}\n";
  const Played played = play(flow + rate_load("1000/s", "500ms"), server.url());
  const double many = played.count("http_reqs", {{"name", "GET /a"}}),
               few = played.count("http_reqs", {{"name", "GET /b"}});
  CHECK(many + few == 500);
  CHECK(few > 60);
  CHECK(few < 140);
}

TEST_CASE("parallel requests run side by side and share what they capture") {
  std::atomic<int> arrived{0};
  ScriptedServer server([&](Conversation& conversation) {
    // Each is answered when the other one is there too; one after the other, the first would wait in vain.
    if (conversation.path() == "/a" || conversation.path() == "/b") {
      ++arrived;
      for (int i = 0; i < 500 && arrived < 2; ++i) conversation.stall(std::chrono::milliseconds(10));
    }
    conversation.answer(arrived == 2 ? 200 : 500, R"({"id":")" + conversation.path().substr(1) + R"("})");
  });
  const Played played = play(
      "flows: {a: [{parallel: [{get: /a, capture: {one: $.id}}, {get: /b, capture: {two: $.id}}]}, "
      "{get: '/c?${one}${two}', name: c}]}\n" +
          kOnce,
      server.url());
  CHECK(played.count("iterations", {{"outcome", "ok"}}) == 1);
  REQUIRE(server.log().size() == 3);
  CHECK(server.log()[2].first == "GET /c?ab HTTP/1.1");
}

TEST_CASE("a parallel request that fails ends the iteration when all have ended") {
  ScriptedServer server(
      [](Conversation& conversation) { conversation.answer(conversation.path() == "/a" ? 500 : 200); });
  const Played played = play("flows: {a: [{parallel: [{get: /a}, {get: /b}]}, {get: /c}]}\n" + kOnce, server.url());
  CHECK(played.count("iterations", {{"outcome", "failed"}}) == 1);
  CHECK(server.requests() == 2);
}

TEST_CASE("parallel requests are interrupted with their iteration") {
  ScriptedServer server([](Conversation& conversation) { conversation.stall(std::chrono::seconds(30)); });
  PlayOptions options;
  options.stop_at_once = true;
  options.stop_after = std::chrono::milliseconds(300);
  options.grace = Nanoseconds{0};
  const Played played = play("flows: {a: [{parallel: [{get: /a}, {get: /b}]}]}\n" + kOnce, server.url(), options);
  CHECK(played.count("iterations", {{"outcome", "interrupted"}}) == 1);
  CHECK(played.count("errors", {{"class", "interrupted"}}) == 2);
}

TEST_CASE("bodies arrive as written") {
  struct Row {
    const char* name;
    const char* step;
    const char* content_type;
    const char* body;
  };
  const Row rows[] = {
      {"a form", "{post: /x, form: {a: 'b c', 'ü': '1&2=3'}}", "application/x-www-form-urlencoded",
       "a=b%20c&%C3%BC=1%262%3D3"},
      {"a form's slots", "{post: /x, form: {a: '${pick(\"x&y\")}'}}", "application/x-www-form-urlencoded", "a=x%26y"},
      {"raw", "{post: /x, body: 'a=${int(7, 7)}', headers: {Content-Type: text/plain}}", "text/plain", "a=7"},
      {"a file", "{put: /x, body: {file: shops.csv}}", "", "name,currency\nAda,EUR\nBob,USD\nCy,JPY\n"},
      {"a method of its own", "{request: /x, method: PURGE, body: b}", "", "b"},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    std::string type;
    ScriptedServer server([&](Conversation& conversation) {
      type = conversation.header("Content-Type");
      conversation.answer(200);
    });
    play("flows: {a: [" + std::string(row.step) + "]}\n" + kOnce, server.url());
    REQUIRE(server.log().size() == 1);
    CHECK(server.log()[0].second == row.body);
    CHECK(type == row.content_type);
  }
}

TEST_CASE("a multipart body has its parts, each whole") {
  std::string type, body;
  ScriptedServer server([&](Conversation& conversation) {
    type = conversation.header("Content-Type");
    body = conversation.body;
    conversation.answer(200);
  });
  play(
      "flows: {a: [{post: /x, multipart: {title: 'hi ${int(1, 1)}', data: {file: shops.csv, content_type: "
      "text/csv}}}]}\n" +
          kOnce,
      server.url());
  REQUIRE(type.starts_with("multipart/form-data; boundary="));
  const std::string boundary = type.substr(30);
  CHECK(body == "--" + boundary + "\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nhi 1\r\n--" + boundary +
                    "\r\nContent-Disposition: form-data; name=\"data\"; filename=\"shops.csv\"\r\nContent-Type: "
                    "text/csv\r\n\r\nname,currency\nAda,EUR\nBob,USD\nCy,JPY\n\r\n--" +
                    boundary + "--\r\n");
}

TEST_CASE("captures come from JSON, headers, cookies and regular expressions") {
  ScriptedServer server([](Conversation& conversation) {
    conversation.answer(200, R"(<a href="/next/42">{"x":1}</a>)",
                        "Set-Cookie: other=1\r\nSet-Cookie: sid=abc; Path=/\r\nX-Trace: t1\r\n");
  });
  play(
      "flows: {a: [{get: /a, capture: {page: {regex: 'href=\"/next/(\\d+)\"'}, sid: {cookie: sid}, trace: {header: "
      "x-trace}}}, {get: '/b/${page}/${sid}/${trace}', name: b}]}\n" +
          kOnce,
      server.url());
  REQUIRE(server.log().size() == 2);
  CHECK(server.log()[1].first == "GET /b/42/abc/t1 HTTP/1.1");
}

TEST_CASE("expectations look at headers and bodies") {
  struct Row {
    const char* expect;
    bool holds;
  };
  const Row rows[] = {
      {"{header: {X-A: one}}", true},
      {"{header: {x-a: [two, one]}}", true},
      {"{header: {X-A: two}}", false},
      {"{header: {X-B: one}}", false},
      {"{header: {X-A: {matches: '^o.e$'}}}", true},
      {"{header: {X-A: {contains: n}}}", true},
      {"{body: express}", true},
      {"{body: [nothing, express]}", true},
      {"{body: nothing}", false},
      {"{body: {matches: 'kind.*press'}}", true},
      {"{body: {matches: 'kind$'}}", false},
      {"{json: {$.kind: {matches: '^exp'}}}", true},
      {"{json: {$.kind: {contains: xyz}}}", false},
      {"{status: 2xx, header: {X-A: one}, body: express, json: {$.n: 3}}", true},
  };
  for (const Row& row : rows) {
    INFO(row.expect);
    ScriptedServer server(
        [](Conversation& conversation) { conversation.answer(200, R"({"n":3,"kind":"express"})", "X-A: one\r\n"); });
    const Played played =
        play("flows: {a: [{get: /a, expect: " + std::string(row.expect) + "}]}\n" + kOnce, server.url());
    CHECK(played.count("errors", {{"class", "expectation"}}) == (row.holds ? 0 : 1));
    CHECK(played.count("iterations", {{"outcome", row.holds ? "ok" : "failed"}}) == 1);
  }
}

TEST_CASE("redirects are followed where they stay") {
  struct Row {
    const char* name;
    const char* step;
    const char* location;
    std::vector<std::string> paths;
  };
  const Row rows[] = {
      {"absolute path", "{get: /a}", "/b", {"/a", "/b"}},
      {"relative path", "{get: /x/a}", "b?q=1", {"/x/a", "/x/b?q=1"}},
      {"another host", "{get: /a}", "http://example.org/b", {"/a"}},
      {"another port", "{get: /a}", "http://127.0.0.1:1/b", {"/a"}},
      {"not for POST", "{post: /a}", "/b", {"/a"}},
      {"POST when told", "{post: /a, redirects: 3}", "/b", {"/a", "/b"}},
      {"not when told", "{get: /a, redirects: 0}", "/b", {"/a"}},
      {"not when the step wants the redirect itself", "{get: /a, expect: {status: 302}}", "/b", {"/a"}},
      {"a location that is none", "{get: /a}", "/b c", {"/a"}},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    ScriptedServer server([&](Conversation& conversation) {
      if (conversation.number > 1) return conversation.answer(200);
      conversation.answer(302, {}, "Location: " + std::string(row.location) + "\r\n");
    });
    const Played played = play("flows: {a: [" + std::string(row.step) + "]}\n" + kOnce, server.url());
    CHECK(paths(server) == row.paths);
    CHECK(played.count("http_reqs") == static_cast<double>(row.paths.size()));
    CHECK(played.histogram("response_time").count() == 1);
  }
}

TEST_CASE("a redirect without end stops at the limit, and 303 turns into GET") {
  ScriptedServer server([](Conversation& conversation) { conversation.answer(303, {}, "Location: /again\r\n"); });
  const Played played =
      play("flows: {a: [{post: /a, json: {x: 1}, redirects: 4, expect: {status: 200}}]}\n" + kOnce, server.url());
  REQUIRE(server.log().size() == 5);
  CHECK(server.log()[1] == std::pair<std::string, std::string>("GET /again HTTP/1.1", ""));
  CHECK(played.count("errors", {{"class", "status"}}) == 1);
}

TEST_CASE("cookies live as long as the load block says") {
  for (const auto& [kept, expected] : {std::pair{"off", std::vector<std::string>{"", "", "", ""}},
                                       std::pair{"iteration", std::vector<std::string>{"", "a=1", "", "a=1"}},
                                       std::pair{"user", std::vector<std::string>{"", "a=1", "a=1", "a=1"}}}) {
    INFO(kept);
    std::vector<std::string> seen;
    ScriptedServer server([&](Conversation& conversation) {
      seen.push_back(conversation.header("Cookie"));
      conversation.answer(200, {}, "Set-Cookie: a=1; Path=/\r\n");
    });
    play("flows: {a: [{get: /a}, {get: /b, headers: {X: '${uuid()}'}}]}\n" +
             rate_load("4/s", "500ms", std::string(", max_vus: 1, cookies: ") + kept),
         server.url());
    CHECK(seen == expected);
  }
}

TEST_CASE("requests carry their credentials and signatures") {
  std::string head, body;
  ScriptedServer server([&](Conversation& conversation) {
    head = conversation.head;
    body = conversation.body;
    conversation.answer(200);
  });
  play(
      "flows: {a: [{post: /x, json: {n: '${int(1, 9)}'}, auth: {basic: {user: me, password: 'p:w'}}, headers: {S: "
      "\"${hmac('k1', request.body)}\", D: \"${sha256('a${int(3, 3)}', base64)}\"}}]}\n" +
          kOnce,
      server.url());
  CHECK(head.find("Authorization: Basic bWU6cDp3\r\n") != std::string::npos);
  CHECK(head.find("S: " + to_hex(hmac_sha256("k1", body)) + "\r\n") != std::string::npos);
  CHECK(head.find("D: " + to_base64(sha256("a3")) + "\r\n") != std::string::npos);
  play("flows: {a: [{get: /x, auth: {bearer: 't-${int(5, 5)}'}}]}\n" + kOnce, server.url());
  CHECK(head.find("Authorization: Bearer t-5\r\n") != std::string::npos);
}

TEST_CASE("a step measures what the answer holds, and carries its tags") {
  ScriptedServer server([](Conversation& conversation) {
    conversation.answer(200, R"({"staleness_ms":1.5,"depth":7})", "X-Bad: -1\r\n");
  });
  const Played played = play(
      "flows: {a: [{get: /a, tags: {region: eu}, measure: {staleness: {value: $.staleness_ms, unit: ms}, depth: "
      "{value: "
      "$.depth, unit: count}}}, {get: /b, measure: {worse: {value: {header: X-Bad}, unit: s}}}]}\n" +
          kOnce,
      server.url());
  CHECK(played.histogram("staleness", {{"region", "eu"}}).value_at_percentile(100) == 1500);
  CHECK(played.histogram("depth").value_at_percentile(100) == 7);
  REQUIRE(played.series.find("depth").size() == 1);
  CHECK(played.series.find("depth")[0]->key.unit == "count");
  CHECK(played.count("http_reqs", {{"region", "eu"}, {"name", "GET /a"}}) == 1);
  CHECK(played.count("errors", {{"class", "capture"}, {"name", "GET /b"}}) == 1);
}

TEST_CASE("a pause between two times lies between them") {
  ScriptedServer server(ok);
  const Played played =
      play("flows: {a: [{get: /a}, {think: {from: 20ms, to: 60ms}}, {get: /b}]}\n" + rate_load("100/s", "200ms"),
           server.url());
  CHECK(played.count("iterations", {{"outcome", "ok"}}) == 20);
  CHECK(played.histogram("iteration_duration").min() >= 20'000);
}

}  // namespace tidegate::loadgen
