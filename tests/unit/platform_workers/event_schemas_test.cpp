// The schemas in the repository, the code, and what was released before: three that have to agree.

#include <filesystem>
#include <set>

#include "base/file.hpp"
#include "platform/events/payment_events.hpp"
#include "platform/events/worker_events.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/platform_workers/event_schema.hpp"
#include "tests/unit/platform_workers/support.hpp"

using namespace tidegate;
using namespace tidegate::platform;

namespace {

const std::string kSchemas = std::string(TIDEGATE_SOURCE_DIR) + "/platform/events/schemas/";

json::object read_schemas(const std::string& name) {
  auto text = read_file(kSchemas + name);
  REQUIRE(text.ok());
  auto parsed = parse_json(*text);
  REQUIRE(parsed.ok());
  return parsed->as_object();
}

struct Sample {
  std::string_view type;
  json::object data;  // every member that the code can write
  std::function<Result<json::object>(const json::object&)> again;
};

template <typename Data>
std::function<Result<json::object>(const json::object&)> reread() {
  return [](const json::object& data) -> Result<json::object> {
    auto read = Data::from_data(data);
    if (!read) return read.error();
    return read->to_data();
  };
}

std::vector<Sample> all_samples() {
  PaymentCreated created{1250, "EUR", "tok_1", "key-1"};
  created.capture = false;
  created.acquirers = {"acq-01", "acq-02"};
  created.settlement_currency = "USD";
  created.client_address = "192.0.2.1";
  created.card_bin = "400000";
  const PaymentFinished finished{1250, "EUR", "insufficient_funds", "pay_1-c1",
                                 2500, true,  "authorized",         1'700'000'000'000};
  const PaymentCommandData command{"pay_1-c1", 1250, "EUR", true};
  const AcquirerResult result{"pay_1-a1", "A1B2C3", "declined", "acq-01", 1'700'000'000'000, "1.0845", 1356, "USD"};
  const CommandResult answer{"pay_1-c1", 1250, "EUR", "expired"};
  const FraudDecision decision{700, {"velocity"}, true};
  const LedgerMovement movement{1250, "EUR", 900, "key-2", "overdraft"};
  const PayoutData payout{1250, "EUR", "network-01", "bat_1", "closed"};
  const Delivery delivery{"gateway-0/payments/1/1", "whe_1", 3, "404"};

  std::vector<Sample> samples{{event_type::payment_created, created.to_data(), reread<PaymentCreated>()}};
  const auto add = [&](std::initializer_list<std::string_view> types, const auto& data) {
    using Data = std::decay_t<decltype(data)>;
    for (const std::string_view type : types) samples.push_back({type, data.to_data(), reread<Data>()});
  };
  using namespace event_type;
  add({payment_authorized, payment_captured, payment_declined, payment_cancelled, payment_expired, payment_refunded,
       payment_settled, payment_conflicted, operation_refused},
      finished);
  add({capture_requested, refund_requested, cancel_requested}, command);
  add({acquirer_approved, acquirer_declined, acquirer_authorized, acquirer_expired, acquirer_conflicted}, result);
  add({acquirer_captured, acquirer_capture_refused, acquirer_refunded, acquirer_refund_refused, acquirer_cancelled,
       acquirer_cancel_refused},
      answer);
  add({fraud_cleared, fraud_held}, decision);
  add({ledger_settled, wallet_credited, wallet_debited, payout_reserved, payout_refused}, movement);
  add({payout_requested, payout_paid, payout_failed}, payout);
  add({notification_delivered, dead_lettered}, delivery);
  return samples;
}

}  // namespace

TEST_CASE("every event that the code writes fits its schema, and survives being read and written") {
  const json::object schemas = read_schemas("events.json");
  const json::object& events = schemas.at("events").as_object();
  std::set<std::string> seen{"reconciliation_finished", "audit_root_signed"};  // figures, tested with their workers
  for (const Sample& sample : all_samples()) {
    INFO(sample.type);
    const json::value* schema = events.if_contains(sample.type);
    REQUIRE(schema != nullptr);
    CHECK(misfit(sample.data, schema->at("data").as_object()).value_or("") == "");
    const auto again = sample.again(sample.data);
    REQUIRE(again.ok());
    CHECK(*again == sample.data);
    seen.insert(std::string(sample.type));
  }
  for (const auto& [type, schema] : events) {
    INFO(type);
    CHECK(seen.count(std::string(type)) == 1);
    CHECK(std::ranges::find(kTopics, std::string_view(schema.at("topic").as_string())) != kTopics.end());
  }
  const json::value envelope = *parse_json(make_event(1, 2).encode());
  CHECK(misfit(json::value(envelope),
               [&] {
                 json::object schema = schemas.at("envelope").as_object();
                 return schema;
               }())
            .value_or("") == "");
}

TEST_CASE("without a required member, an event is refused by the code as by the schema") {
  const json::object schemas = read_schemas("events.json");
  for (const Sample& sample : all_samples()) {
    const json::object& schema = schemas.at("events").at(sample.type).at("data").as_object();
    for (const json::value& name : schema.at("required").as_array()) {
      INFO(sample.type << " without " << name.as_string());
      json::object data = sample.data;
      data.erase(name.as_string());
      CHECK(misfit(data, schema).has_value());
      CHECK_FALSE(sample.again(data).ok());
    }
  }
}

TEST_CASE("the schemas are compatible with every released version") {
  const json::object now = read_schemas("events.json");
  int released = 0;
  for (const auto& file : std::filesystem::directory_iterator(kSchemas + "released")) {
    INFO(file.path().string());
    const json::object before = read_schemas("released/" + file.path().filename().string());
    ++released;
    CHECK(incompatibilities(before.at("envelope").as_object(), now.at("envelope").as_object()).empty());
    for (const auto& [type, schema] : before.at("events").as_object()) {
      INFO(type);
      const json::value* kept = now.at("events").as_object().if_contains(type);
      REQUIRE(kept != nullptr);
      CHECK(kept->at("topic") == schema.at("topic"));
      for (const std::string& why : incompatibilities(schema.at("data").as_object(), kept->at("data").as_object())) {
        FAIL_CHECK(why);
      }
    }
  }
  CHECK(released >= 1);
}

TEST_CASE("incompatible changes are found") {
  const json::object before = read_schemas("events.json").at("events").at("payment_created").at("data").as_object();
  struct Row {
    const char* why;
    std::function<void(json::object&)> change;
    const char* found;
  };
  const auto properties = [](json::object& schema) -> json::object& { return schema["properties"].as_object(); };
  const std::vector<Row> rows = {
      {"a member removed", [&](json::object& s) { properties(s).erase("capture"); }, "$: removed capture"},
      {"a member newly required", [&](json::object& s) { s["required"].as_array().emplace_back("capture"); },
       "$: newly required capture"},
      {"a member no longer written",
       [&](json::object& s) { s["required"].as_array().erase(s["required"].as_array().begin()); },
       "$: no longer sure amount"},
      {"another type", [&](json::object& s) { properties(s)["amount"].as_object()["type"] = "string"; },
       "$.amount: another type"},
      {"a narrower range", [&](json::object& s) { properties(s)["amount"].as_object()["minimum"] = 100; },
       "$.amount: another minimum"},
  };
  for (const Row& row : rows) {
    INFO(row.why);
    json::object after = before;
    row.change(after);
    CHECK(incompatibilities(before, after) == std::vector<std::string>{row.found});
  }
  json::object added = before;  // and a compatible one is not
  properties(added)["colour"] = json::object{{"type", "string"}};
  CHECK(incompatibilities(before, added).empty());
}
