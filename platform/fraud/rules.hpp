#pragma once
// The fraud rules: 17 that hold a payment each by itself, and 13 that add points. Pure, integers only.
// Source: the PayStream case study (17 deterministic and 13 heuristic rules and a model).

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"

namespace tidegate::platform {

/// Lists and limits that the operator keeps (`GET|PUT /admin/fraud/rules`). Windows are the last minute. The velocity
/// limits are per minute and generous: a load test's shoppers share one card per merchant.
struct FraudLimits {
  std::set<std::string> blocked_addresses, blocked_networks, blocked_bins, blocked_cards, blocked_merchants,
      blocked_currencies;
  std::int64_t card_payments = 20'000;
  std::int64_t address_payments = 20'000;
  std::int64_t merchant_payments = 200'000;
  std::int64_t card_amount = 10'000'000'000;
  std::int64_t merchant_amount = 100'000'000'000;
  std::int64_t single_amount = 100'000'000;
  std::int64_t card_merchants = 10;
  std::int64_t card_addresses = 10;
  std::int64_t address_cards = 1'000;
  std::int64_t same_amounts = 50;
  std::int64_t key_merchants = 1;
  std::int64_t hold_score = 700;  ///< of 1000

  json::object to_json() const;
  /// The members given in `changes` replaced; unknown members and values out of range are errors.
  Result<FraudLimits> changed(const json::object& changes) const;
};

/// One payment with what the last minute knows about its card, address and merchant; this payment included.
struct FraudFacts {
  std::int64_t amount = 0;
  std::string currency, card, bin, address, merchant;
  std::int64_t hour = 12;  ///< UTC
  std::int64_t card_payments = 1, address_payments = 1, merchant_payments = 1;
  std::int64_t card_amount = 0, merchant_amount = 0;
  std::int64_t card_merchants = 1, card_addresses = 1, address_cards = 1;
  std::int64_t same_amounts = 1;                                    ///< of this card, with this amount
  std::int64_t key_merchants = 1;                                   ///< that sent this client key
  std::int64_t card_mean = 0, merchant_mean = 0;                    ///< of earlier payments; 0: none
  std::int64_t card_seen = 0, address_seen = 0, merchant_seen = 0;  ///< payments ever
  std::int64_t gap_ms = 60'000;                                     ///< since the card's last payment
  std::int64_t last_amount = 0, amount_before_last = 0;             ///< of the card
  std::string card_currency;                                        ///< of its last payment
  std::int64_t card_declines = 0;                                   ///< in the last minute
};

struct FraudRule {
  std::string_view name;
  std::int64_t points;  ///< 0: holds by itself
  bool (*fires)(const FraudFacts&, const FraudLimits&);
};
std::span<const FraudRule> fraud_rules() noexcept;

struct RuleResult {
  bool hold = false;
  std::int64_t points = 0;  ///< 0 to 1000
  std::vector<std::string> fired;
};
RuleResult apply_rules(const FraudFacts& facts, const FraudLimits& limits);

/// Rules and model together: the mean of both; the rules alone when there is no model score (-1).
std::int64_t combined_score(std::int64_t points, std::int64_t model_score) noexcept;

}  // namespace tidegate::platform
