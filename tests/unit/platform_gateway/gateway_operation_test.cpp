// The operator's side: merchants, keys, health, metrics, secrets at rest, a disk that refuses.

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>

#include "base/file.hpp"
#include "platform/gateway/secrets.hpp"
#include "tests/unit/platform_gateway/gateway_support.hpp"

namespace tidegate::platform {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)
using Catch::Matchers::Contains;

TEST_CASE("gateway: merchants and keys are made by the operator only, from well-formed bodies") {
  const ScratchDirectory scratch;
  RunningGateway gateway(scratch.path());
  const std::string good = R"({"name":"Shop","currency":"EUR","card":"4000000000000002"})";
  CHECK(gateway.send("POST", "/admin/merchants", "", good).status == 401);
  CHECK(gateway.send("POST", "/admin/merchants", "wrong", good).status == 401);
  CHECK(gateway.send("POST", "/admin/keys", "", R"({"merchant":"mer_000001"})").status == 401);
  for (const char* bad : {
           "",
           "[]",
           R"({"currency":"EUR"})",
           R"({"name":"","currency":"EUR"})",
           R"({"name":1,"currency":"EUR"})",
           R"({"name":"Shop"})",
           R"({"name":"Shop","currency":"euro"})",
           R"({"name":"Shop","currency":"EUR","card":"4000000000000003"})",     // wrong check digit
           R"({"name":"Shop","currency":"EUR","card":"4000 0000 0000 0002"})",  // spaces
           R"({"name":"Shop","currency":"EUR","card":4000000000000002})",       // not a text
           R"({"name":"Shop","currency":"EUR","card":"0"})",                    // too short
           R"({"name":"Shop","currency":"EUR","card":"40000000000000000000000002"})",
       }) {
    INFO(bad);
    const Answer refused = gateway.send("POST", "/admin/merchants", kOperatorToken, bad);
    CHECK(refused.status == 400);
    CHECK_THAT(refused.text, !Contains("400000000000"));  // what was sent is not repeated
  }
  const Answer made = gateway.send("POST", "/admin/merchants", kOperatorToken, good);
  REQUIRE(made.status == 201);
  CHECK(made.string("card_last4") == "0002");
  CHECK_THAT(made.text, !Contains("4000000000000002"));
  for (const char* bad : {"", R"({"merchant":"mer_999999"})", R"({"merchant":1})", "{}"}) {
    INFO(bad);
    CHECK(gateway.send("POST", "/admin/keys", kOperatorToken, bad).status == 400);
  }
}

TEST_CASE("gateway: a merchant's card goes to the vault alone, and without the vault there is no merchant") {
  const ScratchDirectory scratch;
  RunningGateway gateway(scratch.path());
  const Tenant first = gateway.new_tenant();
  const Tenant second = gateway.new_tenant();  // the same card: a token of its own
  CHECK(first.card_token != second.card_token);
  CHECK(gateway.vault().taken() ==
        std::vector<std::string>{first.id + " 4000000000000002", second.id + " 4000000000000002"});

  gateway.vault().fail();
  const std::string good = R"({"name":"Shop","currency":"EUR","card":"4000000000000002"})";
  const Answer refused = gateway.send("POST", "/admin/merchants", kOperatorToken, good);
  CHECK(refused.status == 503);
  CHECK(refused.header("Retry-After") == "1");
  CHECK(gateway.get("/admin/merchants", kOperatorToken).json.at("items").as_array().size() == 2);
  const std::string without_card = R"({"name":"Shop","currency":"EUR"})";
  CHECK(gateway.send("POST", "/admin/merchants", kOperatorToken, without_card).status == 201);
}

TEST_CASE("gateway: health, readiness, metrics, unknown paths and methods") {
  const ScratchDirectory scratch;
  RunningGateway gateway(scratch.path());
  CHECK(gateway.get("/healthz", "").status == 200);
  wait_until([&] { return gateway.get("/readyz", "").status == 200; });
  const Tenant tenant = gateway.new_tenant();
  gateway.pay(tenant.api_key, "k", payment_body(1, "EUR", tenant.card_token));
  gateway.pay(tenant.api_key, "k", "{");
  CHECK(gateway.metric(R"(http_requests_total{route="POST /v1/payments",status="202"})") == 1);
  CHECK(gateway.metric(R"(http_requests_total{route="POST /v1/payments",status="400"})") == 1);
  const std::string text = gateway.get("/metrics", "").text;
  for (const char* name : {"store_write_queue_depth", "outbox_depth{topic=\"payments\"", "process_cpu_seconds_total",
                           "idempotent_replays_total", "inbox_applied_total"}) {
    CHECK_THAT(text, Contains(std::string("\n") + name));
  }
  CHECK(gateway.get("/v2/payments", "").status == 404);
  CHECK(gateway.send("DELETE", "/v1/payments", tenant.api_key).status == 405);
  const Answer events = gateway.get("/internal/outbox/gateway-0/payments/0?from=1", "");
  CHECK(events.status == 200);
  CHECK(events.json.contains("head"));
}

/// What this process writes to its standard error, in a file.
class CapturedErrors {
 public:
  explicit CapturedErrors(const std::string& path) : saved_(::dup(STDERR_FILENO)) {
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    ::dup2(file, STDERR_FILENO);
    ::close(file);
  }
  ~CapturedErrors() {
    ::dup2(saved_, STDERR_FILENO);
    ::close(saved_);
  }

 private:
  int saved_;
};

TEST_CASE("gateway: no card number and no API key is in any file or log, of a running or an ended gateway") {
  const ScratchDirectory scratch;
  const std::string number = "4929081234567899";
  REQUIRE(is_card_number(number));
  std::vector<std::string> secrets{number, number.substr(0, 12), kOperatorToken};
  const auto scan = [&](bool finds_token, const std::string& token) {
    bool token_found = false;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(scratch.path())) {
      if (!entry.is_regular_file()) continue;
      const auto bytes = read_file(entry.path().string());
      REQUIRE(bytes.ok());
      for (const std::string& secret : secrets) {
        INFO(entry.path() << " holds " << secret);
        CHECK(bytes->find(secret) == std::string::npos);
      }
      token_found = token_found || bytes->find(token) != std::string::npos;
    }
    CHECK(token_found == finds_token);  // the scan does see what is stored
  };
  std::string token;
  {
    const CapturedErrors captured(scratch / "log");
    RunningGateway gateway(scratch.path());
    const Tenant tenant = gateway.new_tenant("EUR", number);
    token = tenant.card_token;
    secrets.push_back(tenant.api_key);
    gateway.pay(tenant.api_key, "k", payment_body(1, "EUR", tenant.card_token));
    // A client that sends a card number where the token belongs.
    gateway.pay(tenant.api_key, "k2", payment_body(1, "EUR", number));
    gateway.send("POST", "/admin/merchants", kOperatorToken, R"({"name":"x","currency":"E","card":")" + number + "\"}");
    gateway.send("POST", "/admin/merchants", kOperatorToken, R"({"card":)" + number + number + "}");
    gateway.get("/v1/payments?key=" + number, "");
    scan(true, token);
  }
  scan(true, token);
}

TEST_CASE("gateway: with a full disk writes get 503, reads go on, and it recovers without help") {
  const ScratchDirectory scratch;
  RunningGateway gateway(scratch.path());
  const Tenant tenant = gateway.new_tenant();
  const std::string body = payment_body(1, "EUR", tenant.card_token);
  const std::string id = gateway.pay(tenant.api_key, "before", body).string("id");
  auto* previous_handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit previous{};
  ::getrlimit(RLIMIT_FSIZE, &previous);
  rlimit limited = previous;
  limited.rlim_cur = 1;
  ::setrlimit(RLIMIT_FSIZE, &limited);
  const Answer refused = gateway.pay(tenant.api_key, "during", body);
  const Answer refused_again = gateway.pay(tenant.api_key, "during", body);
  const Answer no_merchant =
      gateway.send("POST", "/admin/merchants", kOperatorToken, R"({"name":"x","currency":"EUR"})");
  const Answer read = gateway.get("/v1/payments/" + id, tenant.api_key);
  const Answer exported = gateway.get("/v1/payments/export", kOperatorToken);
  ::setrlimit(RLIMIT_FSIZE, &previous);
  std::signal(SIGXFSZ, previous_handler);
  CHECK(refused.status == 503);
  CHECK(refused.header("Retry-After") == "1");
  CHECK(refused.problem() == "store-unavailable");
  CHECK(refused_again.status == 503);
  CHECK(no_merchant.status == 503);
  CHECK(read.status == 200);
  CHECK(exported.json.at("items").as_array().size() == 1);
  const Answer after = gateway.pay(tenant.api_key, "during", body);
  CHECK(after.status == 202);
  CHECK(after.header("Idempotent-Replayed").empty());
  CHECK(gateway.get("/v1/payments/export", kOperatorToken).json.at("items").as_array().size() == 2);
}

TEST_CASE("gateway: a second one on the same data is refused by name") {
  const ScratchDirectory scratch;
  RunningGateway gateway(scratch.path());
  ServiceOptions options;
  options.role = "gateway";
  options.data_directory = scratch / "data";
  options.peers_file = scratch / "peers.json";
  ServiceRuntime runtime(options);
  const auto second = Gateway::open(runtime, make_memory_bus(), compose_path);
  REQUIRE_FALSE(second.ok());
  CHECK_THAT(second.error().message, Contains("gateway-0.lock"));
}

TEST_CASE("card numbers: length, digits, check digit") {
  for (const char* good :
       {"4000000000000002", "4111111111111111", "378282246310005", "6304000000000000", "000000000000"}) {
    INFO(good);
    CHECK(is_card_number(good));
  }
  for (const char* bad :
       {"", "4000000000000001", "41111111111", "4111-1111-1111-1111", "4111111111111111a", "00000000000000000000"}) {
    INFO(bad);
    CHECK_FALSE(is_card_number(bad));
  }
}

}  // namespace
}  // namespace tidegate::platform
