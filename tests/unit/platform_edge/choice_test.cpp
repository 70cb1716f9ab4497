// Where a request goes, what is changed in it, and when a candidate is taken back: without a socket.

#include <array>
#include <set>

#include "platform/edge/candidate.hpp"
#include "platform/edge/choice.hpp"
#include "tests/support/catch.hpp"

namespace tidegate::platform {
namespace {

EdgeSettings settings_of(const char* text) {
  auto settings = EdgeSettings::from_json(parse_json(text)->as_object());
  INFO((settings ? std::string() : settings.error().message));
  REQUIRE(settings.ok());
  return std::move(*settings);
}

struct Asked {
  explicit Asked(std::string_view path, std::vector<http::HeaderView> headers_in = {}, std::string_view body = {})
      : headers(std::move(headers_in)) {
    request.method = "POST";
    request.path = request.target = path;
    request.headers = headers;
    request.body = body;
  }
  std::vector<http::HeaderView> headers;
  http::Request request;
};

TEST_CASE("edge: the canary gets its share, and a key always goes the same way") {
  for (const int share : {0, 1, 5, 10, 25, 30, 50, 70, 75, 95, 100}) {
    const EdgeSettings settings =
        settings_of((R"({"canary":{"upstream":"canary","share":)" + std::to_string(share) + "}}").c_str());
    int candidate = 0;
    for (int i = 0; i < 20'000; ++i) {
      const std::string key = "key-" + std::to_string(i);
      const Asked asked("/v1/payments", {{"Idempotency-Key", key}});
      const Choice choice = choose_upstream(settings, asked.request);
      CHECK(choice.upstream == (choice.canary ? "canary" : "gateway"));
      CHECK(choose_upstream(settings, asked.request).canary == choice.canary);
      candidate += choice.canary ? 1 : 0;
    }
    INFO(share << " % gave " << candidate);
    CHECK(std::abs(candidate - share * 200) < 120 + share);
    if (share == 0 || share == 100) CHECK(candidate == share * 200);
  }
}

TEST_CASE("edge: raising the share keeps whom the candidate had") {
  const EdgeSettings low = settings_of(R"({"canary":{"upstream":"canary","share":10}})");
  const EdgeSettings high = settings_of(R"({"canary":{"upstream":"canary","share":25}})");
  for (int i = 0; i < 2000; ++i) {
    const std::string key = std::to_string(i);
    const Asked asked("/v1/payments", {{"idempotency-key", key}});
    if (choose_upstream(low, asked.request).canary) CHECK(choose_upstream(high, asked.request).canary);
  }
}

TEST_CASE("edge: strangled paths go elsewhere, the longest first, and only whole segments") {
  const EdgeSettings settings = settings_of(
      R"({"strangler":[{"path":"/v1/payouts","upstream":"legacy"},{"path":"/v1/payouts/new","upstream":"gateway"}],
          "canary":{"upstream":"canary","share":100}})");
  const std::pair<const char*, const char*> rows[] = {
      {"/v1/payouts", "legacy"},
      {"/v1/payouts/7", "legacy"},
      {"/v1/payouts/new", "gateway"},
      {"/v1/payouts/new/7", "gateway"},
      {"/v1/payouts-archive", "canary"},
      {"/v1/payments", "canary"},
      {"/", "canary"},
  };
  for (const auto& [path, upstream] : rows) {
    INFO(path);
    CHECK(choose_upstream(settings, Asked(path).request).upstream == upstream);
  }
}

TEST_CASE("edge: transforms change headers and members, and leave the rest alone") {
  const EdgeSettings settings = settings_of(
      R"({"transforms":[{"path":"/v1/payments","set_headers":{"X-Api":"2"},"remove_headers":["x-old"],
          "rename_members":{"amount_cents":"amount"}}]})");
  const auto body_of = [&](std::string_view path, std::string_view body) {
    return make_upstream_request(settings, Asked(path, {}, body).request).body;
  };
  CHECK(body_of("/v1/payments", R"({"amount_cents":5,"currency":"EUR"})") == R"({"amount":5,"currency":"EUR"})");
  CHECK(body_of("/v1/payments", R"({"amount":1,"amount_cents":5})") == R"({"amount":1})");
  CHECK(body_of("/v1/payments", "not JSON") == "not JSON");
  CHECK(body_of("/v1/payments", R"([{"amount_cents":5}])") == R"([{"amount_cents":5}])");
  CHECK(body_of("/v1/wallets", R"({"amount_cents":5})") == R"({"amount_cents":5})");
  const Asked asked("/v1/payments/x", {{"X-Old", "1"},
                                       {"x-api", "1"},
                                       {"Connection", "X-Hop"},
                                       {"X-Hop", "1"},
                                       {"Transfer-Encoding", "chunked"},
                                       {"Idempotency-Key", "k"},
                                       {"Host", "edge"}});
  const http::ClientRequest made = make_upstream_request(settings, asked.request);
  std::set<std::string> names;
  for (const auto& [name, value] : made.headers) names.insert(name + "=" + value);
  CHECK(names == std::set<std::string>{"X-Api=2", "Idempotency-Key=k"});
}

TEST_CASE("edge: only what is safe is sent twice") {
  const auto repeatable = [](std::string_view method, bool keyed) {
    Asked asked("/v1/payments",
                keyed ? std::vector<http::HeaderView>{{"idempotency-key", "k"}} : std::vector<http::HeaderView>{});
    asked.request.method = method;
    return is_repeatable(asked.request);
  };
  for (const char* safe : {"GET", "HEAD", "PUT", "DELETE", "OPTIONS"}) CHECK(repeatable(safe, false));
  CHECK_FALSE(repeatable("POST", false));
  CHECK_FALSE(repeatable("PATCH", false));
  CHECK(repeatable("POST", true));
}

TEST_CASE("edge: a candidate is taken back by errors, by slowness, by failed probes, and not by less") {
  using std::chrono::milliseconds;
  Rollback rollback;  // 5 %, 500 ms, 50 requests, 10 s, 3 probes
  const Nanoseconds start = std::chrono::seconds(100);
  const auto after = [&](int good, int failed, int slow) {
    CandidateWatch watch;
    for (int i = 0; i < good; ++i) watch.answered(202, milliseconds(5), start, rollback);
    for (int i = 0; i < failed; ++i) watch.answered(i % 2 == 0 ? 500 : 0, milliseconds(5), start, rollback);
    for (int i = 0; i < slow; ++i) watch.answered(202, milliseconds(501), start, rollback);
    return watch.breach(start, rollback);
  };
  CHECK_FALSE(after(0, 49, 0).has_value());  // too few to judge
  CHECK(after(0, 50, 0).has_value());
  CHECK_FALSE(after(95, 5, 0).has_value());  // 5 % is allowed
  CHECK(after(94, 6, 0).has_value());
  CHECK_FALSE(after(99, 0, 1).has_value());
  CHECK(after(98, 0, 2).has_value());
  CHECK_FALSE(after(0, 0, 0).has_value());
  CandidateWatch refusals;
  for (int i = 0; i < 100; ++i) refusals.answered(422, milliseconds(1), start, rollback);
  CHECK_FALSE(refusals.breach(start, rollback).has_value());  // the client's mistake

  CandidateWatch old;
  for (int i = 0; i < 100; ++i) old.answered(500, milliseconds(1), start, rollback);
  CHECK_FALSE(old.breach(start + rollback.window + milliseconds(1), rollback).has_value());

  CandidateWatch probed;
  for (const bool succeeded : {false, false, true, false, false}) probed.probed(succeeded);
  CHECK_FALSE(probed.breach(start, rollback).has_value());
  probed.probed(false);
  CHECK(probed.breach(start, rollback).has_value());
  probed.reset();
  CHECK_FALSE(probed.breach(start, rollback).has_value());
}

TEST_CASE("edge: settings that are wrong are refused as a whole") {
  for (const char* bad : {
           R"({"canray":{}})",
           R"({"canary":{"share":5}})",
           R"({"canary":{"upstream":"c","share":101}})",
           R"({"canary":{"upstream":"c","share":-1}})",
           R"({"canary":{"upstream":"c","share":2.5}})",
           R"({"canary":{"upstream":"c","share":"5%"}})",
           R"({"canary":[]})",
           R"({"strangler":[{"path":"v1","upstream":"x"}]})",
           R"({"strangler":[{"path":"/v1"}]})",
           R"({"strangler":{}})",
           R"({"transforms":[{"path":"/v1","set_headers":{"a":1}}]})",
           R"({"transforms":[{"path":"/v1","remove_headers":"a"}]})",
           R"({"transforms":[7]})",
           R"({"rollback":{"error_share":0.05}})",
           R"({"rollback":{"error_share":"0%"}})",
           R"({"rollback":{"least_requests":0}})",
           R"({"rollback":{"slowest":"1h"}})",
           R"({"hold":5})",
           R"({"hold":"31s"})",
           R"({"probe_path":"healthz"})",
           R"({"stable":""})",
       }) {
    INFO(bad);
    CHECK_FALSE(EdgeSettings::from_json(parse_json(bad)->as_object()).ok());
  }
  const EdgeSettings settings = settings_of(
      R"({"stable":"gateway","canary":{"upstream":"canary","share":5,"shadow":10},"hold":"2s","probe_every":"100ms",
          "rollback":{"error_share":"1%","slowest":"380ms","least_requests":10,"window":"5s","failed_probes":2}})");
  CHECK(settings_of(json::serialize(settings.to_json()).c_str()).to_json() == settings.to_json());
}

}  // namespace
}  // namespace tidegate::platform
