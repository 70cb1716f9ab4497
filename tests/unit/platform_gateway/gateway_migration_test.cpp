// A database of before authorizations and operator settings is brought along, with its payments.

#include "platform/gateway/schema.hpp"
#include "tests/unit/platform_gateway/gateway_support.hpp"

namespace tidegate::platform {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)

constexpr int kFirstOwn = 20;  // what the gateway began with

TEST_CASE("migrations: an older gateway's payments, keys and merchants are served as before") {
  const ScratchDirectory scratch;
  {
    std::vector<Migration> old;
    for (const Migration& migration : gateway_migrations()) {
      if (migration.number <= kFirstOwn) old.push_back(migration);
    }
    auto store = open_sqlite_store(scratch / "data", "gateway-0", old);
    REQUIRE(store.ok());
    const auto written = (*store)->run([](Connection& connection) -> Result<void> {
      for (const char* sql : {
               "INSERT INTO merchant VALUES (1, 'Shop', 'EUR', 5)",
               // The hash of "tgk_old".
               "INSERT INTO api_key VALUES (1, 1, "
               "'eedc8eaa2fc63c0e3dcbac4c1d4a1f9a45bc0a9b2cd4b4b1d5be7aa5b1ee9f4a', 'scope', 5)",
               "INSERT INTO card VALUES (1, 1, 'tok_old', '0002', 5)",
               "INSERT INTO payment VALUES (1048576, 1, 1, 1, 'old', 700, 'EUR', 6, 5, 6, 2097152)",
               "INSERT INTO payment_change VALUES (2097152, 1048576, 1, 6, 5, 6)",
               "INSERT INTO idempotency_key VALUES (1, 1, 'old', 42, 1048576, NULL, 5)",
           }) {
        if (auto done = connection.execute(sql); !done) return done.error();
      }
      return {};
    });
    REQUIRE(written.ok());
    (*store)->stop();
  }
  RunningGateway gateway(scratch.path());
  const Answer exported = gateway.get("/v1/payments/export", kOperatorToken);
  REQUIRE(exported.json.at("items").as_array().size() == 1);
  const json::object& item = exported.json.at("items").as_array()[0].as_object();
  CHECK(item.at("status").as_string() == "captured");
  CHECK(item.at("captured").as_int64() == 700);
  CHECK(item.at("refunded").as_int64() == 0);
  const Answer merchants = gateway.get("/admin/merchants", kOperatorToken);
  CHECK(merchants.json.at("items").as_array().size() == 1);
  const Answer key = gateway.send("POST", "/admin/keys", kOperatorToken, R"({"merchant":"mer_000001"})");
  const std::string token = key.string("api_key");
  const std::string id(item.at("id").as_string());
  CHECK(gateway.get("/v1/payments/" + id, token).string("status") == "captured");
  // What was captured before can be refunded now, and new payments come after the old ones.
  const Tenant tenant{"mer_000001", token, "tok_old"};
  CHECK(gateway.operate(tenant, id, "refund", "r", R"({"amount":700})").status == 202);
  CHECK(gateway.pay(token, "new", payment_body(1, "EUR", "tok_old")).string("id") > id);
}

}  // namespace
}  // namespace tidegate::platform
