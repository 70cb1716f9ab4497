#include "audit/mapping.hpp"

#include "audit/sections.hpp"
#include "base/json.hpp"
#include "base/random.hpp"
#include "tests/support/catch.hpp"

using namespace tidegate;

namespace {

struct Parsed {
  audit::AuditSection section;
  std::string mistakes;
};

Parsed parse(const std::string& text) {
  Diagnostics diagnostics;
  const yaml::Node node = yaml::parse(text, "shop.yaml", diagnostics);
  Parsed parsed;
  if (schema::check(node, *audit::audit_schema(), "'audit'", diagnostics)) {
    parsed.section = audit::parse_audit(node, diagnostics);
  }
  parsed.mistakes = diagnostics.text();
  return parsed;
}

constexpr const char* kShop = R"(
payments:
  get: /orders
  page: {items: orders, next: cursor, after_parameter: from}
  id: $.order.id
  key: $.client_ref
  scope: $.client
  tenant: shop
  amount: $.total
  amounts: major
  currency: EUR
  status: $.state
  states: {paid: captured, new: processing}
)";

std::string mapped(const std::string& item) {
  const Parsed parsed = parse(kShop);
  REQUIRE(parsed.mistakes.empty());
  const auto line = audit::apply_mapping(*parsed.section.exports.at("payments").mapping, item);
  return line ? *line : "error: " + line.error().message;
}

}  // namespace

TEST_CASE("another system's record becomes the model's") {
  const auto value = parse_json(
      mapped(R"({"order":{"id":17},"client_ref":"k1","client":"alice","total":"12.34","state":"paid","more":[1]})"));
  REQUIRE(value.ok());
  const json::object& object = value->as_object();
  CHECK(object.at("id") == 17);
  CHECK(object.at("key") == "k1");
  CHECK(object.at("tenant") == "shop");
  CHECK(object.at("amount") == 1234);
  CHECK(object.at("currency") == "EUR");
  CHECK(object.at("status") == "captured");
  CHECK(object.at("scope").as_string().size() == 16);
  CHECK(std::stoull(std::string(object.at("scope").as_string()), nullptr, 16) == stable_hash("alice"));
  CHECK_FALSE(object.contains("more"));
}

TEST_CASE("a state without translation and a missing member stay for the reader to refuse") {
  CHECK_THAT(mapped(R"({"order":{"id":1},"client_ref":"k","total":1,"state":"odd"})"),
             Catch::Contains(R"("status":"odd")"));
  CHECK_THAT(mapped(R"({"client_ref":"k","total":1,"state":"paid"})"), !Catch::Contains(R"("id")"));
}

TEST_CASE("amounts that are no money") {
  CHECK_THAT(mapped(R"({"total":1.234,"state":"paid"})"), Catch::Contains("no whole number of minor units"));
  CHECK_THAT(mapped(R"({"total":"a lot","state":"paid"})"), Catch::Contains("not a number"));
  CHECK_THAT(mapped(R"({"total":true,"state":"paid"})"), Catch::Contains("not a number"));
  CHECK_THAT(mapped(R"({"total":1e300,"state":"paid"})"), Catch::Contains("minor units"));
  CHECK_THAT(mapped("not json"), Catch::Contains("error"));
}

TEST_CASE("the page's shape is the export's own") {
  const Parsed parsed = parse(kShop);
  const audit::PageShape& page = parsed.section.exports.at("payments").mapping->page;
  CHECK(page.items == "orders");
  CHECK(page.next == "cursor");
  CHECK(page.after_parameter == "from");
  CHECK(page.limit_parameter == "limit");
  CHECK_FALSE(page.numbered);
}

TEST_CASE("mistakes in the section are told with their place") {
  struct Row {
    const char* text;
    const char* says;
  };
  const std::vector<Row> rows = {
      {"staleness: 2", "2"},
      {"stalenes: 2s", "staleness"},
      {"payments: {id: $.id}", "get"},
      {"payments: {get: ftp://x, id: $.id, key: $.k, amount: $.a, currency: EUR, status: $.s}", "neither an http URL"},
      {"payments: {get: /x, id: $id, key: $.k, amount: $.a, currency: EUR, status: $.s}", "not a path"},
      {"payments: {get: /x, id: $., key: $.k, amount: $.a, currency: EUR, status: $.s}", "not a path"},
      {"payments: {get: /x, identity: $.id, key: $.k, amount: $.a, currency: EUR, status: $.s}", "identity"},
      {"resolve: {fence: keys/void}", "not a path with {key}"},
      {"resolve: {by: fence}", "needs 'fence'"},
      {"resolve: {by: guess}", "guess"},
      {"resolve: {sample: 5}", "5"},
      {"webhooks: {secrets: merchants}", "FEEDER.COLUMN"},
      {"webhooks: {fail_status: 200}", "200"},
      {"orders: {get: /x}", "orders"},
  };
  for (const Row& row : rows) {
    const Parsed parsed = parse(row.text);
    INFO(row.text);
    CHECK_THAT(parsed.mistakes, Catch::Contains("shop.yaml:1") && Catch::Contains(row.says));
  }
}
