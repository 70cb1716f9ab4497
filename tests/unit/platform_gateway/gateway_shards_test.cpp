// Payments over four databases behave as over one.

#include <algorithm>
#include <set>

#include "platform/gateway/sequence.hpp"

#include "tests/unit/platform_gateway/gateway_support.hpp"

namespace tidegate::platform {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)

RunningGateway::Options four_shards() {
  RunningGateway::Options options;
  options.shards = 4;
  return options;
}

TEST_CASE("shards: merchants spread over four databases, each with its own stream, and everything is found again") {
  const ScratchDirectory scratch;
  std::vector<Tenant> tenants;
  std::vector<std::string> ids;
  RunningGateway::Options options = four_shards();
  {
    RunningGateway gateway(scratch.path(), options);
    FakeAcquiring acquiring(gateway.bus());
    std::set<std::string> producers;
    for (int i = 0; i < 12; ++i) {
      tenants.push_back(gateway.new_tenant());
      const Tenant& tenant = tenants.back();
      ids.push_back(gateway.pay(tenant.api_key, "k", payment_body(100 + i, "EUR", tenant.card_token)).string("id"));
      acquiring.report(ids.back(), "acquirer_approved");
      wait_until([&] { return gateway.status_of(tenant, ids.back()) == "captured"; });
    }
    for (const Envelope& event : events_of(gateway.bus(), "payments")) producers.insert(event.stream.producer);
    CHECK(producers == std::set<std::string>{"gateway-0", "gateway-1", "gateway-2", "gateway-3"});
    CHECK(gateway.metric("illegal_transitions_total") == 0);
  }
  RunningGateway gateway(scratch.path(), options);
  for (std::size_t i = 0; i < tenants.size(); ++i) {
    CHECK(gateway.status_of(tenants[i], ids[i]) == "captured");
    CHECK(gateway.get("/v1/payments?key=k", tenants[i].api_key).string("id") == ids[i]);
    CHECK(gateway.pay(tenants[i].api_key, "k", payment_body(100 + static_cast<int>(i), "EUR", tenants[i].card_token))
              .header("Idempotent-Replayed") == "true");
    CHECK(gateway.get("/v1/payments/" + ids[i], tenants[(i + 1) % tenants.size()].api_key).status == 404);
  }
  CHECK(gateway.get("/v1/payments/pay_000000000000001f", tenants[0].api_key).status == 404);  // of shard 15
}

TEST_CASE("shards: their number belongs to the data, and another one is refused") {
  const ScratchDirectory scratch;
  { RunningGateway gateway(scratch.path(), four_shards()); }
  ServiceOptions options;
  options.role = "gateway";
  options.data_directory = scratch / "data";
  options.peers_file = scratch / "peers.json";
  for (const int shards : {1, 3, 5}) {
    options.shards = shards;
    ServiceRuntime runtime(options);
    const auto opened = Gateway::open(runtime, make_memory_bus(), compose_path);
    REQUIRE_FALSE(opened.ok());
    CHECK(opened.error().message.find("split over 4") != std::string::npos);
  }
  RunningGateway again(scratch.path(), four_shards());
}

TEST_CASE("shards: an export over all of them is ascending, complete, and the same again while payments go on") {
  const ScratchDirectory scratch;
  RunningGateway gateway(scratch.path(), four_shards());
  std::vector<Tenant> tenants;
  for (int i = 0; i < 8; ++i) tenants.push_back(gateway.new_tenant());
  std::set<std::string> made;
  const auto pay_all = [&](const std::string& key) {
    std::set<std::string> ids;
    for (const Tenant& tenant : tenants) {
      ids.insert(gateway.pay(tenant.api_key, key, payment_body(1, "EUR", tenant.card_token)).string("id"));
    }
    return ids;
  };
  const auto read = [&](const std::string& as_of, std::string& point) {
    std::vector<std::string> ids;
    std::string after = "0";
    for (std::string query = as_of;;) {
      const json::object page = gateway.get("/v1/payments/export?limit=3&after=" + after + query, kOperatorToken).json;
      for (const json::value& item : page.at("items").as_array()) ids.emplace_back(item.at("id").as_string());
      point = json::serialize(page.at("as_of"));
      query = "&as_of=" + point;
      if (page.at("next").is_null()) return ids;
      after = json::serialize(page.at("next"));
    }
  };
  for (int i = 0; i < 5; ++i) made.merge(pay_all("k" + std::to_string(i)));
  std::string point, again;
  const std::vector<std::string> first = read("", point);
  CHECK(std::is_sorted(first.begin(), first.end()));
  CHECK(std::set<std::string>(first.begin(), first.end()) == made);
  pay_all("later");
  CHECK(read("&as_of=" + point, again) == first);
  CHECK(again == point);
  CHECK(read("", again).size() == made.size() + tenants.size());
  CHECK(gateway.get("/v1/payments/export?as_of=9223372036854775807", kOperatorToken).status == 400);
}

TEST_CASE("shards: numbers of two shards never meet, and ascend also when the clock does not") {
  CommitSequence one(1);
  CommitSequence two(2);
  std::int64_t last = 0;
  std::set<std::int64_t> seen;
  for (const std::int64_t now_ms : {1000, 1000, 999, 1001, 1}) {
    for (CommitSequence* sequence : {&one, &two}) {
      const std::int64_t number = sequence->take(now_ms);
      CHECK(seen.insert(number).second);
      CHECK(CommitSequence::shard_of(number) == (sequence == &one ? 1 : 2));
    }
    const std::int64_t number = one.take(now_ms);
    CHECK(number > last);
    last = number;
  }
  CommitSequence resumed(1);
  resumed.resume_after(last + 5);  // a number of another shard
  CHECK(resumed.take(1) > last + 5);
  resumed.stay_above(last + 1'000'003);
  CHECK(resumed.take(1) > last + 1'000'003);
  CHECK(CommitSequence::shard_of(resumed.take(1)) == 1);
}

}  // namespace
}  // namespace tidegate::platform
