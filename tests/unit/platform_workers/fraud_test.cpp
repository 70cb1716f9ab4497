#include <algorithm>

#include "platform/fraud/profiles.hpp"
#include "platform/fraud/rules.hpp"
#include "tests/support/catch.hpp"

using namespace tidegate;
using namespace tidegate::platform;

namespace {

/// A payment that no rule objects to.
FraudFacts harmless() {
  FraudFacts facts;
  facts.amount = 1'234;
  facts.currency = facts.card_currency = "EUR";
  facts.card = "tok_1";
  facts.bin = "400000";
  facts.address = "192.0.2.1";
  facts.merchant = "mer_1";
  facts.card_mean = facts.merchant_mean = 1'000;
  facts.card_seen = facts.address_seen = facts.merchant_seen = 100;
  facts.last_amount = 1'000;
  facts.amount_before_last = 1'100;
  return facts;
}

}  // namespace

TEST_CASE("each of the thirty rules fires on its own fact, and on it alone") {
  struct Row {
    const char* rule;
    void (*change)(FraudFacts&, FraudLimits&);
  };
  const std::vector<Row> rows = {
      {"blocked_address", [](FraudFacts&, FraudLimits& l) { l.blocked_addresses = {"192.0.2.1"}; }},
      {"blocked_network", [](FraudFacts&, FraudLimits& l) { l.blocked_networks = {"192.0."}; }},
      {"blocked_bin", [](FraudFacts&, FraudLimits& l) { l.blocked_bins = {"400000"}; }},
      {"blocked_card", [](FraudFacts&, FraudLimits& l) { l.blocked_cards = {"tok_1"}; }},
      {"blocked_merchant", [](FraudFacts&, FraudLimits& l) { l.blocked_merchants = {"mer_1"}; }},
      {"blocked_currency", [](FraudFacts&, FraudLimits& l) { l.blocked_currencies = {"EUR"}; }},
      {"card_velocity", [](FraudFacts& f, FraudLimits& l) { f.card_payments = l.card_payments + 1; }},
      {"address_velocity", [](FraudFacts& f, FraudLimits& l) { f.address_payments = l.address_payments + 1; }},
      {"merchant_velocity", [](FraudFacts& f, FraudLimits& l) { f.merchant_payments = l.merchant_payments + 1; }},
      {"card_amount", [](FraudFacts& f, FraudLimits& l) { f.card_amount = l.card_amount + 1; }},
      {"merchant_amount", [](FraudFacts& f, FraudLimits& l) { f.merchant_amount = l.merchant_amount + 1; }},
      {"single_amount", [](FraudFacts& f, FraudLimits& l) { l.single_amount = f.amount - 1; }},
      {"card_merchants", [](FraudFacts& f, FraudLimits& l) { f.card_merchants = l.card_merchants + 1; }},
      {"card_addresses", [](FraudFacts& f, FraudLimits& l) { f.card_addresses = l.card_addresses + 1; }},
      {"address_cards", [](FraudFacts& f, FraudLimits& l) { f.address_cards = l.address_cards + 1; }},
      {"same_amounts", [](FraudFacts& f, FraudLimits& l) { f.same_amounts = l.same_amounts + 1; }},
      {"key_merchants", [](FraudFacts& f, FraudLimits&) { f.key_merchants = 2; }},
      {"high_for_merchant", [](FraudFacts& f, FraudLimits&) { f.merchant_mean = 100; }},
      {"high_for_card", [](FraudFacts& f, FraudLimits&) { f.card_mean = 100; }},
      {"round_amount",
       [](FraudFacts& f, FraudLimits&) { f.amount = 10'000, f.card_mean = f.merchant_mean = f.last_amount = 9'000; }},
      {"at_night", [](FraudFacts& f, FraudLimits&) { f.hour = 3; }},
      {"new_card", [](FraudFacts& f, FraudLimits&) { f.card_seen = 0; }},
      {"new_address", [](FraudFacts& f, FraudLimits&) { f.address_seen = 0; }},
      {"new_merchant", [](FraudFacts& f, FraudLimits&) { f.merchant_seen = 9; }},
      {"burst", [](FraudFacts& f, FraudLimits&) { f.gap_ms = 4; }},
      {"rising_amounts", [](FraudFacts& f, FraudLimits&) { f.amount_before_last = 100, f.last_amount = 300; }},
      {"small_then_large",
       [](FraudFacts& f, FraudLimits&) {
         f.amount = 100'001, f.last_amount = 199, f.card_mean = f.merchant_mean = 90'000;
       }},
      {"recent_declines", [](FraudFacts& f, FraudLimits&) { f.card_declines = 3; }},
      {"other_currency", [](FraudFacts& f, FraudLimits&) { f.card_currency = "USD"; }},
      {"no_address", [](FraudFacts& f, FraudLimits&) { f.address = ""; }},
  };
  CHECK(rows.size() == fraud_rules().size());
  CHECK(apply_rules(harmless(), {}).fired.empty());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    INFO(rows[i].rule);
    CHECK(fraud_rules()[i].name == rows[i].rule);
    FraudFacts facts = harmless();
    FraudLimits limits;
    rows[i].change(facts, limits);
    const RuleResult result = apply_rules(facts, limits);
    CHECK(result.fired == std::vector<std::string>{rows[i].rule});
    CHECK(result.hold == (i < 17));
    CHECK(result.points == fraud_rules()[i].points);
  }
}

TEST_CASE("the score is the mean of rules and model, and the rules alone when the model is away") {
  CHECK(combined_score(400, 1000) == 700);
  CHECK(combined_score(400, 0) == 200);
  CHECK(combined_score(400, -1) == 400);
}

TEST_CASE("limits are checked as they are changed") {
  const FraudLimits limits;
  const auto changed = limits.changed(parse_json(R"({"hold_score":500,"blocked_bins":["400000"]})")->as_object());
  REQUIRE(changed.ok());
  CHECK(changed->hold_score == 500);
  CHECK(changed->blocked_bins.count("400000") == 1);
  CHECK(FraudLimits{}.changed(changed->to_json())->to_json() == changed->to_json());
  for (const char* wrong : {R"({"hold_scores":500})", R"({"hold_score":"500"})", R"({"hold_score":-1})",
                            R"({"blocked_bins":"400000"})", R"({"blocked_bins":[4]})", R"({"blocked_bins":[""]})"}) {
    INFO(wrong);
    CHECK_FALSE(limits.changed(parse_json(wrong)->as_object()).ok());
  }
}

TEST_CASE("the window counts each payment once and forgets it after a minute") {
  FraudProfiles profiles;
  const auto payment = [](const std::string& id, std::int64_t at_ms, const std::string& merchant = "mer_1") {
    return SeenPayment{id, "tok_1", "400000", "192.0.2.1", merchant, "key-" + id, "EUR", 1000, at_ms};
  };
  CHECK(profiles.see(payment("p1", 1'000)).card_seen == 0);
  FraudFacts facts = profiles.see(payment("p2", 2'000, "mer_2"));
  CHECK(facts.card_payments == 2);
  CHECK(facts.card_merchants == 2);
  CHECK(facts.card_addresses == 1);
  CHECK(facts.address_cards == 1);
  CHECK(facts.card_amount == 2'000);
  CHECK(facts.same_amounts == 2);
  CHECK(facts.gap_ms == 1'000);
  CHECK(facts.merchant_payments == 1);
  CHECK(profiles.see(payment("p2", 2'000, "mer_2")).card_payments == 2);  // its transaction was rolled back
  profiles.declined("p1", 3'000, 3'000);
  CHECK(profiles.see(payment("p3", 4'000)).card_declines == 1);
  facts = profiles.see(payment("p4", 61'500));
  CHECK(facts.card_payments == 3);  // p1 left the window
  facts = profiles.see(payment("p5", 200'000));
  CHECK(facts.card_payments == 1);
  CHECK(facts.card_merchants == 1);
  CHECK(facts.card_seen == 4);
  CHECK(profiles.size() == 1);
  SeenPayment shared = payment("p6", 200'001, "mer_2");
  shared.client_key = "key-p5";
  CHECK(profiles.see(shared).key_merchants == 2);
}

TEST_CASE("the window is a minute long whatever the clock of the gateway does") {
  constexpr std::int64_t kHourMs = 3'600'000;
  FraudProfiles profiles;
  std::int64_t now_ms = 100 * kHourMs;
  int payments = 0;
  // One payment a second by one card; what it finds in the window after so many seconds of a clock that is so far off.
  const auto play = [&](std::int64_t off_ms, int seconds) {
    std::int64_t found = 0;
    for (int i = 0; i < seconds; ++i) {
      now_ms += 1'000;
      const std::string id = "p" + std::to_string(++payments);
      found = profiles.see({id, "tok", "400000", "192.0.2.1", "mer", id, "EUR", 1000, now_ms + off_ms}, now_ms)
                  .card_payments;
    }
    return found;
  };
  CHECK(play(0, 200) == 61);
  CHECK(play(26 * kHourMs, 200) == 61);
  CHECK(play(0, 200) == 61);
  CHECK(play(-kHourMs, 200) == 61);
  CHECK(play(0, 200) == 61);
  CHECK(profiles.size() == 61);
}
