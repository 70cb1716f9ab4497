#include "platform/routing/rules.hpp"

#include <algorithm>

namespace tidegate::platform {
namespace {

constexpr std::size_t kCascade = 3;  // acquirers tried for one payment

bool any_or_lists(const std::vector<std::string>& names, std::string_view name) {
  return names.empty() || std::find(names.begin(), names.end(), name) != names.end();
}

std::size_t names_in(const std::vector<RoutingRule>& rules) {
  std::size_t count = 0;
  for (const RoutingRule& rule : rules) count += rule.merchants.size() + rule.cards.size();
  return count;
}

const RoutingRule& default_rule() {
  static const RoutingRule rule = [] {
    RoutingRule made;
    made.spread = true;
    for (int number = 1; number <= kAcquirers; ++number) made.acquirers.push_back(acquirer_name(number));
    return made;
  }();
  return rule;
}

}  // namespace

std::string acquirer_name(int number) {
  return (number < 10 ? "acq-0" : "acq-") + std::to_string(number);
}

RoutingRules::RoutingRules(std::vector<RoutingRule> rules) : rules_(std::move(rules)), named_(names_in(rules_)) {
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    const RoutingRule& rule = rules_[i];
    if (rule.merchants.empty() && rule.cards.empty()) general_.push_back(i);
    for (const std::string& merchant : rule.merchants) named_.add(merchant);
    for (const std::string& card : rule.cards) named_.add(card);
  }
}

RoutingRules RoutingRules::defaults() {
  return RoutingRules({});
}

bool RoutingRules::fits(const RoutingRule& rule, const RoutingQuestion& question) {
  return question.amount >= rule.amount_from && question.amount <= rule.amount_to &&
         any_or_lists(rule.currencies, question.currency) && any_or_lists(rule.merchants, question.merchant) &&
         any_or_lists(rule.cards, question.card_token);
}

Route RoutingRules::route_of(const RoutingRule& rule, std::uint64_t spread) {
  Route route;
  route.rule = rule.name;
  route.blocked = rule.block;
  const std::size_t count = rule.acquirers.size();
  const std::size_t first = rule.spread && count > 0 ? spread % count : 0;
  for (std::size_t i = 0; i < std::min(count, kCascade); ++i) {
    route.acquirers.push_back(rule.acquirers[(first + i) % count]);
  }
  return route;
}

Route RoutingRules::decide(const RoutingQuestion& question) const {
  const bool has_rules_of_its_own = named_.may_contain(question.merchant) || named_.may_contain(question.card_token);
  if (has_rules_of_its_own) {
    for (const RoutingRule& rule : rules_) {
      if (fits(rule, question)) return route_of(rule, question.spread);
    }
  } else {
    for (const std::size_t index : general_) {
      if (fits(rules_[index], question)) return route_of(rules_[index], question.spread);
    }
  }
  return route_of(default_rule(), question.spread);
}

}  // namespace tidegate::platform
