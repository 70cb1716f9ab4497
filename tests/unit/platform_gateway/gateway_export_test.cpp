// The export that the audit reads: pages, in the order of commits, repeatable as of one point.

#include "base/random.hpp"
#include "tests/unit/platform_gateway/gateway_support.hpp"

namespace tidegate::platform {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)

json::object page_of(const RunningGateway& gateway, const std::string& query, int status = 200) {
  const Answer answer = gateway.get("/v1/payments/export" + query, kOperatorToken);
  INFO(query << " " << answer.text);
  REQUIRE(answer.status == status);
  return answer.json;
}

/// All items, page by page; "" as_of: now.
json::array all_of(const RunningGateway& gateway, int limit, const std::string& as_of) {
  json::array items;
  std::string after = "0";
  for (std::string point = as_of;;) {
    const json::object page = page_of(
        gateway, "?after=" + after + "&limit=" + std::to_string(limit) + (point.empty() ? "" : "&as_of=" + point));
    const json::array& more = page.at("items").as_array();
    REQUIRE(more.size() <= static_cast<std::size_t>(limit));
    items.insert(items.end(), more.begin(), more.end());
    point = std::to_string(page.at("as_of").as_int64());
    if (page.at("next").is_null()) return items;
    after = std::to_string(page.at("next").as_int64());
  }
}

TEST_CASE("export: an empty platform has one empty page") {
  const ScratchDirectory scratch;
  RunningGateway gateway(scratch.path());
  const json::object page = page_of(gateway, "");
  CHECK(page.at("items").as_array().empty());
  CHECK(page.at("next").is_null());
  CHECK(page.at("as_of").as_int64() == 0);
}

TEST_CASE("export: pages of any size give the same items, in the order of commits") {
  const ScratchDirectory scratch;
  RunningGateway gateway(scratch.path());
  const Tenant one = gateway.new_tenant("EUR");
  const Tenant two = gateway.new_tenant("JPY");
  std::vector<std::string> ids;
  for (int i = 0; i < 25; ++i) {
    const Tenant& tenant = i % 3 == 0 ? two : one;
    const std::string key = i == 7 ? R"(a"b\c)" : "key-" + std::to_string(i);
    const Answer paid =
        gateway.pay(tenant.api_key, key, payment_body(100 + i, i % 3 == 0 ? "JPY" : "EUR", tenant.card_token));
    REQUIRE(paid.status == 202);
    ids.push_back(paid.string("id"));
  }
  // A repeat and a refusal make no payment.
  gateway.pay(one.api_key, "key-1", payment_body(101, "EUR", one.card_token));
  gateway.pay(one.api_key, "refused", payment_body(1, "USD", one.card_token));
  const json::array whole = all_of(gateway, 1000, "");
  REQUIRE(whole.size() == 25);
  for (const int limit : {1, 2, 5, 24, 25, 26}) {
    INFO(limit);
    CHECK(all_of(gateway, limit, "") == whole);
  }
  for (std::size_t i = 0; i < whole.size(); ++i) {
    INFO(i);
    const json::object& item = whole[i].as_object();
    const Tenant& tenant = i % 3 == 0 ? two : one;
    CHECK(string_member(item, "id") == ids[i]);
    CHECK(string_member(item, "tenant") == tenant.id);
    CHECK(string_member(item, "key") == (i == 7 ? R"(a"b\c)" : "key-" + std::to_string(i)));
    char scope[17];
    std::snprintf(scope, sizeof scope, "%016llx", static_cast<unsigned long long>(stable_hash(tenant.api_key)));
    CHECK(string_member(item, "scope") == scope);
    CHECK(integer_member(item, "amount") == 100 + static_cast<int>(i));
    CHECK(string_member(item, "currency") == (i % 3 == 0 ? "JPY" : "EUR"));
    CHECK(string_member(item, "status") == "processing");
    CHECK(integer_member(item, "created_at_ms").value_or(0) > 0);
    CHECK(integer_member(item, "updated_at_ms") == integer_member(item, "created_at_ms"));
    CHECK(item.size() == 12);
  }
}

TEST_CASE("export: as of a point it does not change, whatever is committed later") {
  const ScratchDirectory scratch;
  RunningGateway::Options options;
  json::array before;
  std::string as_of;
  {
    RunningGateway gateway(scratch.path(), options);
    const Tenant tenant = gateway.new_tenant();
    FakeAcquiring acquiring(gateway.bus());
    std::vector<std::string> ids;
    const auto pay = [&](int i) {
      ids.push_back(
          gateway.pay(tenant.api_key, "k" + std::to_string(i), payment_body(1, "EUR", tenant.card_token)).string("id"));
    };
    for (int i = 0; i < 6; ++i) pay(i);
    acquiring.report(ids[0], "acquirer_approved");
    acquiring.report(ids[1], "acquirer_declined");
    wait_until([&] { return gateway.status_of(tenant, ids[0]) == "captured"; });
    wait_until([&] { return gateway.status_of(tenant, ids[1]) == "declined"; });
    as_of = std::to_string(page_of(gateway, "?limit=1").at("as_of").as_int64());
    before = all_of(gateway, 2, as_of);

    for (int i = 6; i < 9; ++i) pay(i);
    acquiring.report(ids[2], "acquirer_approved");
    acquiring.report(ids[7], "acquirer_declined");
    wait_until([&] { return gateway.status_of(tenant, ids[2]) == "captured"; });
    wait_until([&] { return gateway.status_of(tenant, ids[7]) == "declined"; });
    CHECK(all_of(gateway, 2, as_of) == before);
    const json::array now = all_of(gateway, 4, "");
    REQUIRE(now.size() == 9);
    CHECK(string_member(now[2].as_object(), "status") == "captured");
  }
  REQUIRE(before.size() == 6);
  CHECK(string_member(before[0].as_object(), "status") == "captured");
  CHECK(string_member(before[1].as_object(), "status") == "declined");
  CHECK(string_member(before[2].as_object(), "status") == "processing");
  RunningGateway restarted(scratch.path(), options);
  CHECK(all_of(restarted, 3, as_of) == before);
}

TEST_CASE("export: is the operator's, and refuses what is no cursor") {
  const ScratchDirectory scratch;
  RunningGateway gateway(scratch.path());
  const Tenant tenant = gateway.new_tenant();
  CHECK(gateway.get("/v1/payments/export", "").status == 401);
  CHECK(gateway.get("/v1/payments/export", tenant.api_key).status == 401);
  CHECK(gateway.get("/v1/payments/export", kOperatorToken + "x").status == 401);
  for (const char* query : {"?after=-1", "?after=x", "?limit=0", "?limit=-5", "?limit=10001", "?as_of=-1", "?as_of=1.5",
                            "?as_of=9223372036854775807", "?after=99999999999999999999"}) {
    page_of(gateway, query, 400);
  }
}

}  // namespace
}  // namespace tidegate::platform
