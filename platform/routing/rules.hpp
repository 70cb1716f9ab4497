#pragma once
// Which acquirers a payment is offered to, in which order: rules that an operator writes, decided in memory.
//
//   merchant, card --> Bloom filter: surely no rule of their own? --> rules in order, the first that fits
//                                                                       --> none: the default route
//
// Most merchants and cards have no rule of their own, so most decisions look at the general rules alone.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "platform/routing/bloom.hpp"

namespace tidegate::platform {

/// The acquirer of a number from 1 to kAcquirers, as routes and the bank name it: "acq-07".
inline constexpr int kAcquirers = 34;
std::string acquirer_name(int number);

struct RoutingQuestion {
  std::string_view merchant;    ///< "mer_000001"
  std::string_view card_token;  ///< "tok_..."
  std::string_view currency;
  std::int64_t amount = 0;  ///< minor units
  /// Spreads payments over the acquirers of a rule; the same number, the same route.
  std::uint64_t spread = 0;
};

/// All given conditions must hold.
struct RoutingRule {
  std::string name;
  std::vector<std::string> merchants, cards, currencies;  ///< empty: any
  std::int64_t amount_from = 0;
  std::int64_t amount_to = INT64_MAX;  ///< both included
  bool block = false;                  ///< no route: the payment is refused
  std::vector<std::string> acquirers;  ///< the cascade
  bool spread = false;                 ///< begin the cascade at another acquirer for each payment
};

struct Route {
  std::string_view rule;  ///< of the rule that decided, "" for the default; valid as long as the rules
  bool blocked = false;
  std::vector<std::string> acquirers;
};

/// A rule set, compiled. Immutable: a change makes a new one.
class RoutingRules {
 public:
  static constexpr std::size_t kMostRules = 10'000;

  /// Every acquirer, spread, three deep.
  static RoutingRules defaults();
  /// {"rules": [{"name", "merchants", "cards", "currencies", "amount_from", "amount_to", "block", "acquirers",
  /// "spread"}, ...]}. The error names the rule.
  static Result<RoutingRules> from_json(const json::value& document);
  json::object to_json() const;

  Route decide(const RoutingQuestion& question) const;

 private:
  explicit RoutingRules(std::vector<RoutingRule> rules);
  static bool fits(const RoutingRule& rule, const RoutingQuestion& question);
  static Route route_of(const RoutingRule& rule, std::uint64_t spread);

  std::vector<RoutingRule> rules_;
  std::vector<std::size_t> general_;  // rules that name neither merchants nor cards
  BloomFilter named_;                 // merchants and cards that have rules
};

}  // namespace tidegate::platform
