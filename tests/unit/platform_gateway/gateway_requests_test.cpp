// POST /v1/payments: who may, what is well formed, what a repeat gets.

#include <future>

#include <sqlite3.h>

#include "tests/unit/platform_gateway/gateway_support.hpp"

namespace tidegate::platform {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)

TEST_CASE("gateway: a payment is accepted, can be read, found, and is told to the bus") {
  const ScratchDirectory scratch;
  RunningGateway gateway(scratch.path());
  const Tenant tenant = gateway.new_tenant();
  const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
  const Answer paid =
      gateway.send("POST", "/v1/payments", tenant.api_key, payment_body(1250, "EUR", tenant.card_token),
                   {{"Idempotency-Key", "order-1"}, {"traceparent", "00-" + trace + "-00f067aa0ba902b7-01"}});
  REQUIRE(paid.status == 202);
  const std::string id = paid.string("id");
  CHECK(id.substr(0, 4) == "pay_");
  CHECK(paid.string("status") == "processing");
  CHECK(paid.json.at("amount").as_int64() == 1250);
  CHECK(paid.string("currency") == "EUR");
  CHECK(paid.string("created_at").size() == 24);
  CHECK(paid.header("Location") == "/v1/payments/" + id);
  CHECK(paid.header("Idempotent-Replayed").empty());

  const Answer read = gateway.get("/v1/payments/" + id, tenant.api_key);
  CHECK(read.status == 200);
  CHECK(read.string("status") == "processing");
  CHECK(read.json.at("staleness_ms").as_int64() == 0);
  CHECK(gateway.get("/v1/payments?key=order-1", tenant.api_key).text == read.text);

  wait_until([&] { return events_of(gateway.bus(), "payments").size() == 1; });
  const Envelope event = events_of(gateway.bus(), "payments").front();
  CHECK(event.type == "payment_created");
  CHECK(event.payment == id);
  CHECK(event.tenant == tenant.id);
  CHECK(event.stream.producer == "gateway-0");
  CHECK(event.sequence == 1);
  CHECK(event.traceparent.substr(3, 32) == trace);
  CHECK(event.traceparent.substr(36, 16) != "00f067aa0ba902b7");  // a span of its own
  CHECK(event.data.at("client_key").as_string() == "order-1");
  CHECK(event.data.at("card_token").as_string() == tenant.card_token);
}

TEST_CASE("gateway: without a valid API key nothing is said about anything") {
  const ScratchDirectory scratch;
  RunningGateway gateway(scratch.path());
  const Tenant tenant = gateway.new_tenant();
  const std::string body = payment_body(100, "EUR", tenant.card_token);
  const std::string id = gateway.pay(tenant.api_key, "k", body).string("id");
  for (const std::string& token : {std::string(), std::string("nonsense"), tenant.api_key + "x",
                                   tenant.api_key.substr(1), kOperatorToken, tenant.card_token}) {
    INFO(token);
    // 401 comes before 400: the key is missing and the body is broken, too.
    const Answer refused = gateway.send("POST", "/v1/payments", token, "{");
    CHECK(refused.status == 401);
    CHECK(refused.header("WWW-Authenticate") == "Bearer");
    CHECK(refused.header("Content-Type") == "application/problem+json");
    CHECK(gateway.get("/v1/payments/" + id, token).status == 401);
    CHECK(gateway.get("/v1/payments?key=k", token).status == 401);
  }
}

TEST_CASE("gateway: malformed requests get 400, are not stored, and leave their key free") {
  const ScratchDirectory scratch;
  RunningGateway gateway(scratch.path());
  const Tenant tenant = gateway.new_tenant();
  const std::string tail = R"(,"currency":"EUR","card":")" + tenant.card_token + "\"}";
  const std::pair<const char*, std::string> bodies[] = {
      {"empty", ""},
      {"not JSON", "amount=100"},
      {"cut short", R"({"amount":100,"currency":"EUR")"},
      {"two texts", "{}{}"},
      {"not an object", "[100]"},
      {"a bare null", "null"},
      {"no amount", "{" + tail.substr(1)},
      {"an unknown member", R"({"amount":100,"cpature":"manual")" + tail},
      {"a member given twice", R"({"amount":100,"amount":100)" + tail},
      {"a member given twice in another spelling", R"({"amount":100,"am\u006funt":5)" + tail},
      {"capture of another type", R"({"amount":100,"capture":true)" + tail},
      {"capture of no kind", R"({"amount":100,"capture":"later")" + tail},
      {"the wrong precision", R"({"amount":100,"exponent":3)" + tail},
      {"precision as text", R"({"amount":100,"exponent":"2")" + tail},
      {"yen with decimals", R"({"amount":100,"exponent":2,"currency":"JPY","card":"t"})"},
      {"a currency that does not exist", R"({"amount":100,"currency":"EUX","card":"t"})"},
      {"gold", R"({"amount":100,"currency":"XAU","card":"t"})"},
      {"a NUL in the currency", R"({"amount":100,"currency":"EU\u0000","card":"t"})"},
      {"a control character in the card", R"({"amount":100,"currency":"EUR","card":"tok_\u001b[2J"})"},
      {"a misspelt member", R"({"Amount":100,"amount":100)" + tail},
      {"zero", R"({"amount":0)" + tail},
      {"negative", R"({"amount":-100)" + tail},
      {"negative zero", R"({"amount":-0)" + tail},
      {"a fraction", R"({"amount":1.5)" + tail},
      {"a whole number written as a fraction", R"({"amount":100.0)" + tail},
      {"an exponent", R"({"amount":1e2)" + tail},
      {"a text", R"({"amount":"100")" + tail},
      {"a list", R"({"amount":[100])" + tail},
      {"true", R"({"amount":true)" + tail},
      {"null", R"({"amount":null)" + tail},
      {"above the largest", R"({"amount":1000000000000)" + tail},
      {"2^63", R"({"amount":9223372036854775808)" + tail},
      {"2^64 + 100", R"({"amount":18446744073709551716)" + tail},
      {"twenty digits", R"({"amount":99999999999999999999)" + tail},
      {"an enormous exponent", R"({"amount":1e400)" + tail},
      {"leading zero", R"({"amount":0100)" + tail},
      {"hexadecimal", R"({"amount":0x64)" + tail},
      {"not a number", R"({"amount":NaN)" + tail},
      {"infinity", R"({"amount":Infinity)" + tail},
      {"a small currency", R"({"amount":100,"currency":"eur","card":"t"})"},
      {"a long currency", R"({"amount":100,"currency":"EURO","card":"t"})"},
      {"no currency", R"({"amount":100,"card":"t"})"},
      {"no card", R"({"amount":100,"currency":"EUR"})"},
      {"an empty card", R"({"amount":100,"currency":"EUR","card":""})"},
      {"a card that is a number", R"({"amount":100,"currency":"EUR","card":4000000000000002})"},
      {"a card with a line break", R"({"amount":100,"currency":"EUR","card":"a\nb"})"},
      {"an endless card", R"({"amount":100,"currency":"EUR","card":")" + std::string(65, 'x') + "\"}"},
      {"deep nesting", R"({"amount":)" + std::string(2000, '[') + std::string(2000, ']') + tail},
      {"invalid UTF-8", "{\"amount\":100,\"currency\":\"EUR\",\"card\":\"\xff\xfe\"}"},
  };
  for (const auto& [name, body] : bodies) {
    INFO(name);
    const Answer refused = gateway.pay(tenant.api_key, "the-key", body);
    CHECK(refused.status == 400);
    CHECK(refused.problem() == "malformed-request");
    CHECK(refused.header("Content-Type") == "application/problem+json");
  }
  CHECK(gateway.get("/v1/payments?key=the-key", tenant.api_key).status == 404);
  CHECK(gateway.pay(tenant.api_key, "the-key", payment_body(100, "EUR", tenant.card_token)).status == 202);
  CHECK(gateway.pay(tenant.api_key, "largest", payment_body(999'999'999'999, "EUR", tenant.card_token)).status == 202);
}

TEST_CASE("gateway: the idempotency key is required and has limits") {
  const ScratchDirectory scratch;
  RunningGateway gateway(scratch.path());
  const Tenant tenant = gateway.new_tenant();
  const std::string body = payment_body(100, "EUR", tenant.card_token);
  CHECK(gateway.send("POST", "/v1/payments", tenant.api_key, body).problem() == "idempotency-key-missing");
  for (const std::string& key : {std::string(256, 'k'), std::string("with space"), std::string("\xc3\xa9")}) {
    INFO(key);
    const Answer refused = gateway.pay(tenant.api_key, key, body);
    CHECK(refused.status == 400);
  }
  for (const std::string& key :
       {std::string(255, 'k'), std::string("\"quoted\\\""), std::string("';DROP/**/TABLE/**/payment--")}) {
    INFO(key);
    CHECK(gateway.pay(tenant.api_key, key, body).status == 202);
    CHECK(gateway.get("/v1/payments?key=" + http::percent_encode(key), tenant.api_key).status == 200);
  }
  CHECK(gateway.get("/v1/payments", tenant.api_key).status == 400);
  CHECK(gateway.get("/v1/payments?key=", tenant.api_key).status == 400);
}

TEST_CASE("gateway: a body beyond 64 KiB is refused, and the connection's neighbours are unharmed") {
  const ScratchDirectory scratch;
  RunningGateway gateway(scratch.path());
  const Tenant tenant = gateway.new_tenant();
  const Answer refused = gateway.pay(tenant.api_key, "k", std::string(64 * 1024 + 1, ' '));
  CHECK(refused.status == 413);
  // As large as allowed, and valid: spaces before the object.
  const std::string body = payment_body(100, "EUR", tenant.card_token);
  CHECK(gateway.pay(tenant.api_key, "k", std::string(64 * 1024 - body.size(), ' ') + body).status == 202);
}

TEST_CASE("gateway: a repeat gets the stored result, another body is refused") {
  const ScratchDirectory scratch;
  std::string first_text, token, card;
  {
    RunningGateway gateway(scratch.path());
    const Tenant tenant = gateway.new_tenant();
    token = tenant.api_key, card = tenant.card_token;
    const Answer first = gateway.pay(token, "k", payment_body(100, "EUR", card));
    REQUIRE(first.status == 202);
    first_text = first.text;
    // The same request in another spelling.
    const Answer again =
        gateway.pay(token, "k", "{ \"card\":\"" + card + "\", \"currency\":\"EUR\",  \"amount\":100 }");
    CHECK(again.status == 202);
    CHECK(again.text == first_text);
    CHECK(again.header("Idempotent-Replayed") == "true");
    for (const std::string& other :
         {payment_body(101, "EUR", card), payment_body(100, "USD", card), payment_body(100, "EUR", "tok_other")}) {
      INFO(other);
      const Answer refused = gateway.pay(token, "k", other);
      CHECK(refused.status == 422);
      CHECK(refused.problem() == "idempotency-key-reused");
    }
    // Its state has moved on: the stored result has not.
    FakeAcquiring acquiring(gateway.bus());
    acquiring.report(first.string("id"), "acquirer_approved");
    wait_until([&] { return gateway.status_of(tenant, first.string("id")) == "captured"; });
    CHECK(gateway.pay(token, "k", payment_body(100, "EUR", card)).text == first_text);
    CHECK(gateway.metric("idempotent_replays_total") == 2);
  }
  RunningGateway restarted(scratch.path());
  const Answer again = restarted.pay(token, "k", payment_body(100, "EUR", card));
  CHECK(again.status == 202);
  CHECK(again.text == first_text);
  CHECK(again.header("Idempotent-Replayed") == "true");
}

TEST_CASE("gateway: keys belong to a merchant, and so do payments and cards") {
  const ScratchDirectory scratch;
  RunningGateway gateway(scratch.path());
  const Tenant one = gateway.new_tenant();
  const Tenant two = gateway.new_tenant();
  const Answer first = gateway.pay(one.api_key, "k", payment_body(100, "EUR", one.card_token));
  const Answer second = gateway.pay(two.api_key, "k", payment_body(200, "EUR", two.card_token));
  CHECK(second.status == 202);
  CHECK(first.string("id") < second.string("id"));  // ids ascend
  CHECK(gateway.get("/v1/payments/" + first.string("id"), two.api_key).status == 404);
  CHECK(gateway.get("/v1/payments?key=k", two.api_key).string("id") == second.string("id"));
  // A second key of the same merchant shares its idempotency keys.
  const Answer key = gateway.send("POST", "/admin/keys", kOperatorToken, R"({"merchant":")" + one.id + "\"}");
  REQUIRE(key.status == 201);
  CHECK(gateway.pay(key.string("api_key"), "k", payment_body(100, "EUR", one.card_token)).text == first.text);
  // Another merchant's card is not there; the refusal is the key's result from then on.
  const Answer refused = gateway.pay(two.api_key, "stolen", payment_body(100, "EUR", one.card_token));
  CHECK(refused.status == 422);
  CHECK(refused.problem() == "card-unknown");
  const Answer again = gateway.pay(two.api_key, "stolen", payment_body(100, "EUR", one.card_token));
  CHECK(again.text == refused.text);
  CHECK(again.header("Idempotent-Replayed") == "true");
  CHECK(gateway.pay(two.api_key, "stolen", payment_body(100, "EUR", two.card_token)).problem() ==
        "idempotency-key-reused");
  CHECK(gateway.get("/v1/payments?key=stolen", two.api_key).status == 404);
  CHECK(gateway.pay(one.api_key, "dollars", payment_body(100, "USD", one.card_token)).problem() ==
        "currency-not-enabled");
}

TEST_CASE("gateway: what is no payment's name is not found") {
  const ScratchDirectory scratch;
  RunningGateway gateway(scratch.path());
  const Tenant tenant = gateway.new_tenant();
  const std::string id = gateway.pay(tenant.api_key, "k", payment_body(1, "EUR", tenant.card_token)).string("id");
  std::string capitals = id;
  for (char& c : capitals) c = static_cast<char>(std::toupper(c));
  for (const std::string& name : {std::string("pay_"), std::string("x"), id + "0", id.substr(0, 19), capitals,
                                  std::string("pay_ffffffffffffffff"), std::string("pay_0000000000000000"),
                                  std::string("pay_-000000000000001"), std::string("pay_%00"), std::string("..")}) {
    INFO(name);
    CHECK(gateway.get("/v1/payments/" + name, tenant.api_key).status == 404);
  }
}

/// Holds the database's write lock from outside, so that commits wait.
class HeldDatabase {
 public:
  explicit HeldDatabase(const std::string& path) {
    REQUIRE(sqlite3_open(path.c_str(), &database_) == SQLITE_OK);
    REQUIRE(sqlite3_exec(database_, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) == SQLITE_OK);
  }
  ~HeldDatabase() { release(); }
  void release() {
    if (database_ == nullptr) return;
    sqlite3_exec(database_, "ROLLBACK", nullptr, nullptr, nullptr);
    sqlite3_close(database_);
    database_ = nullptr;
  }

 private:
  sqlite3* database_ = nullptr;
};

TEST_CASE("gateway: a repeat during its original's commit joins it, after a second it is told to come back") {
  const ScratchDirectory scratch;
  RunningGateway gateway(scratch.path());
  const Tenant tenant = gateway.new_tenant();
  const std::string body = payment_body(100, "EUR", tenant.card_token);
  const auto pay = [&](const std::string& with) {
    return std::async(std::launch::async, [&, with] { return gateway.pay(tenant.api_key, "k", with); });
  };
  HeldDatabase held(scratch / "data/gateway-0.db");
  auto original = pay(body);
  wait_until([&] { return gateway.metric("store_write_queue_depth") >= 1; });

  // The limit is a second: this one gives up while the commit still waits.
  const Answer too_early = pay(body).get();
  CHECK(too_early.status == 409);
  CHECK(too_early.problem() == "request-in-progress");
  CHECK(too_early.header("Retry-After") == "1");

  auto repeat = pay(body);
  auto other_body = pay(payment_body(999, "EUR", tenant.card_token));
  held.release();
  const Answer first = original.get();
  const Answer joined = repeat.get();
  const Answer refused = other_body.get();
  CHECK(first.status == 202);
  CHECK(first.header("Idempotent-Replayed").empty());
  CHECK(joined.text == first.text);
  CHECK(joined.header("Idempotent-Replayed") == "true");
  CHECK(refused.status == 422);
  CHECK(refused.problem() == "idempotency-key-reused");
}

}  // namespace
}  // namespace tidegate::platform
