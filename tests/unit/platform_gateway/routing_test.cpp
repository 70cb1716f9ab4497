// Routing rules and the filter in front of them.

#include "platform/routing/rules.hpp"

#include <map>

#include "tests/support/catch.hpp"

namespace tidegate::platform {
namespace {

RoutingRules rules_of(const char* text) {
  auto rules = RoutingRules::from_json(*parse_json(text));
  INFO((rules ? std::string() : rules.error().message));
  REQUIRE(rules.ok());
  return std::move(*rules);
}

TEST_CASE("routing: the first rule that fits decides, whoever the filter lets through") {
  const RoutingRules rules = rules_of(R"({"rules":[
    {"name":"vip","merchants":["mer_000007"],"currencies":["EUR"],"acquirers":["acq-01"]},
    {"name":"stolen","cards":["tok_bad"],"block":true},
    {"name":"large","amount_from":1000,"amount_to":5000,"acquirers":["acq-02","acq-03"]},
    {"name":"yen","currencies":["JPY"],"acquirers":["acq-04"]}]})");
  struct Case {
    RoutingQuestion question;
    const char* rule;
  };
  const Case cases[] = {
      {{"mer_000007", "tok_1", "EUR", 1, 0}, "vip"},         {{"mer_000007", "tok_1", "EUR", 1000, 0}, "vip"},
      {{"mer_000007", "tok_1", "JPY", 1, 0}, "yen"},         {{"mer_000008", "tok_1", "EUR", 1, 0}, ""},
      {{"mer_000008", "tok_bad", "JPY", 9999, 0}, "stolen"}, {{"mer_000007", "tok_bad", "USD", 1000, 0}, "stolen"},
      {{"mer_000008", "tok_1", "EUR", 999, 0}, ""},          {{"mer_000008", "tok_1", "EUR", 1000, 0}, "large"},
      {{"mer_000008", "tok_1", "EUR", 5000, 0}, "large"},    {{"mer_000008", "tok_1", "JPY", 5001, 0}, "yen"},
  };
  for (const Case& tried : cases) {
    INFO(tried.question.merchant << " " << tried.question.card_token << " " << tried.question.amount);
    const Route route = rules.decide(tried.question);
    CHECK(route.rule == tried.rule);
    CHECK(route.blocked == (route.rule == "stolen"));
    CHECK(route.acquirers.empty() == route.blocked);
  }
  CHECK(rules.decide({"mer_000008", "tok_1", "EUR", 1000, 77}).acquirers ==
        std::vector<std::string>{"acq-02", "acq-03"});
  CHECK(json::serialize(rules_of(json::serialize(rules.to_json()).c_str()).to_json()) ==
        json::serialize(rules.to_json()));
}

TEST_CASE(
    "routing: the default spreads over every acquirer, three different ones deep, the same for the same payment") {
  const RoutingRules rules = RoutingRules::defaults();
  std::map<std::string, int> first;
  for (std::uint64_t i = 0; i < 3400; ++i) {
    const Route route = rules.decide({"mer_000001", "tok", "EUR", 1, i});
    REQUIRE(route.acquirers.size() == 3);
    CHECK(route.acquirers[0] != route.acquirers[1]);
    first[route.acquirers[0]] += 1;
    CHECK(rules.decide({"mer_000001", "tok", "EUR", 1, i}).acquirers == route.acquirers);
  }
  CHECK(first.size() == 34);
  for (const auto& [acquirer, count] : first) CHECK(count == 100);
}

TEST_CASE("routing: the filter never forgets, and rarely claims too much") {
  BloomFilter filter(10'000);
  for (int i = 0; i < 10'000; ++i) filter.add("tok_" + std::to_string(i));
  int wrong = 0;
  for (int i = 0; i < 10'000; ++i) {
    REQUIRE(filter.may_contain("tok_" + std::to_string(i)));
    wrong += filter.may_contain("other_" + std::to_string(i)) ? 1 : 0;
  }
  CHECK(wrong < 300);
  CHECK_FALSE(BloomFilter(0).may_contain("tok_1"));
}

}  // namespace
}  // namespace tidegate::platform
