#include "platform/payouts/payout.hpp"

#include "platform/events/worker_events.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/platform_workers/support.hpp"

using namespace tidegate;
using namespace tidegate::platform;

TEST_CASE("a payout's request is checked") {
  struct Row {
    const char* why;
    const char* body;
    bool good;
  };
  const std::vector<Row> rows = {
      {"a payout", R"({"network":"network-12","amount":1,"currency":"EUR","account":"DE02"})", true},
      {"no such network", R"({"network":"network-13","amount":1,"currency":"EUR","account":"DE02"})", false},
      {"network 0", R"({"network":"network-00","amount":1,"currency":"EUR","account":"DE02"})", false},
      {"zero", R"({"network":"network-01","amount":0,"currency":"EUR","account":"DE02"})", false},
      {"a fraction", R"({"network":"network-01","amount":0.5,"currency":"EUR","account":"DE02"})", false},
      {"too much", R"({"network":"network-01","amount":1000000000000,"currency":"EUR","account":"DE02"})", false},
      {"no account", R"({"network":"network-01","amount":1,"currency":"EUR"})", false},
      {"control characters", "{\"network\":\"network-01\",\"amount\":1,\"currency\":\"EUR\",\"account\":\"a\\nb\"}",
       false},
      {"an unknown member", R"({"network":"network-01","amount":1,"currency":"EUR","account":"a","x":1})", false}};
  for (const Row& row : rows) {
    INFO(row.why);
    CHECK(Payout::from_request(parse_json(row.body)->as_object()).ok() == row.good);
  }
}

TEST_CASE("a payout's status only moves forward, and a batch adds up") {
  ScratchDirectory scratch;
  auto opened = open_sqlite_store(scratch.path(), "payouts-0", payout_migrations());
  REQUIRE(opened.ok());
  REQUIRE((*opened)
              ->run([&](Connection& connection) -> Result<void> {
                for (const char* id : {"po_1", "po_2"}) {
                  Payout payout{id, "mer_1", "network-01", "EUR", "DE02", 500, "pob_1"};
                  REQUIRE(insert_payout(connection, payout).ok());
                }
                CHECK_FALSE(*step_payout(connection, "po_1", "reserved", "paid", ""));  // not reserved yet
                CHECK(*step_payout(connection, "po_1", "requested", "reserved", ""));
                CHECK_FALSE(
                    *step_payout(connection, "po_1", "requested", "refused", ""));  // a late word changes nothing
                CHECK(reserved_payouts(connection)->size() == 1);
                CHECK(*step_payout(connection, "po_1", "reserved", "paid", ""));
                CHECK_FALSE(*step_payout(connection, "po_1", "reserved", "failed", ""));
                auto summary = batch_summary(connection, "mer_1", "pob_1");
                CHECK((*summary)->at("status").as_string() == "processing");
                CHECK(*step_payout(connection, "po_2", "requested", "refused", "insufficient_balance"));
                summary = batch_summary(connection, "mer_1", "pob_1");
                CHECK((*summary)->at("status").as_string() == "finished");
                CHECK((*summary)->at("by_status").at("paid").as_int64() == 1);
                CHECK_FALSE(batch_summary(connection, "mer_2", "pob_1")->has_value());
                CHECK(find_payout(connection, "po_2").value()->reason == "insufficient_balance");
                return {};
              })
              .ok());
  (*opened)->stop();
}
