#include "platform/fraud/rules.hpp"

#include <algorithm>
#include <array>

namespace tidegate::platform {
namespace {

using Facts = FraudFacts;
using Limits = FraudLimits;

bool in_blocked_network(const Facts& facts, const Limits& limits) {
  return std::any_of(limits.blocked_networks.begin(), limits.blocked_networks.end(),
                     [&](const std::string& prefix) { return facts.address.compare(0, prefix.size(), prefix) == 0; });
}

constexpr std::array kRules{
    // Each holds by itself.
    FraudRule{"blocked_address", 0,
              [](const Facts& f, const Limits& l) { return l.blocked_addresses.count(f.address) > 0; }},
    FraudRule{"blocked_network", 0, in_blocked_network},
    FraudRule{"blocked_bin", 0, [](const Facts& f, const Limits& l) { return l.blocked_bins.count(f.bin) > 0; }},
    FraudRule{"blocked_card", 0, [](const Facts& f, const Limits& l) { return l.blocked_cards.count(f.card) > 0; }},
    FraudRule{"blocked_merchant", 0,
              [](const Facts& f, const Limits& l) { return l.blocked_merchants.count(f.merchant) > 0; }},
    FraudRule{"blocked_currency", 0,
              [](const Facts& f, const Limits& l) { return l.blocked_currencies.count(f.currency) > 0; }},
    FraudRule{"card_velocity", 0, [](const Facts& f, const Limits& l) { return f.card_payments > l.card_payments; }},
    FraudRule{
        "address_velocity", 0,
        [](const Facts& f, const Limits& l) { return !f.address.empty() && f.address_payments > l.address_payments; }},
    FraudRule{"merchant_velocity", 0,
              [](const Facts& f, const Limits& l) { return f.merchant_payments > l.merchant_payments; }},
    FraudRule{"card_amount", 0, [](const Facts& f, const Limits& l) { return f.card_amount > l.card_amount; }},
    FraudRule{"merchant_amount", 0,
              [](const Facts& f, const Limits& l) { return f.merchant_amount > l.merchant_amount; }},
    FraudRule{"single_amount", 0, [](const Facts& f, const Limits& l) { return f.amount > l.single_amount; }},
    FraudRule{"card_merchants", 0, [](const Facts& f, const Limits& l) { return f.card_merchants > l.card_merchants; }},
    FraudRule{"card_addresses", 0, [](const Facts& f, const Limits& l) { return f.card_addresses > l.card_addresses; }},
    FraudRule{"address_cards", 0,
              [](const Facts& f, const Limits& l) { return !f.address.empty() && f.address_cards > l.address_cards; }},
    FraudRule{"same_amounts", 0, [](const Facts& f, const Limits& l) { return f.same_amounts > l.same_amounts; }},
    FraudRule{"key_merchants", 0, [](const Facts& f, const Limits& l) { return f.key_merchants > l.key_merchants; }},
    // Each adds points.
    FraudRule{"high_for_merchant", 150,
              [](const Facts& f, const Limits&) { return f.merchant_mean > 0 && f.amount / 5 > f.merchant_mean; }},
    FraudRule{"high_for_card", 150,
              [](const Facts& f, const Limits&) { return f.card_mean > 0 && f.amount / 5 > f.card_mean; }},
    FraudRule{"round_amount", 40,
              [](const Facts& f, const Limits&) { return f.amount >= 10'000 && f.amount % 10'000 == 0; }},
    FraudRule{"at_night", 30, [](const Facts& f, const Limits&) { return f.hour < 5; }},
    FraudRule{"new_card", 60, [](const Facts& f, const Limits&) { return f.card_seen == 0; }},
    FraudRule{"new_address", 40,
              [](const Facts& f, const Limits&) { return !f.address.empty() && f.address_seen == 0; }},
    FraudRule{"new_merchant", 50, [](const Facts& f, const Limits&) { return f.merchant_seen < 10; }},
    FraudRule{"burst", 60, [](const Facts& f, const Limits&) { return f.gap_ms < 5; }},
    FraudRule{"rising_amounts", 80,
              [](const Facts& f, const Limits&) {
                return f.amount_before_last > 0 && f.amount / 2 > f.last_amount &&
                       f.last_amount / 2 > f.amount_before_last;
              }},
    FraudRule{
        "small_then_large", 200,
        [](const Facts& f, const Limits&) { return f.last_amount > 0 && f.last_amount < 200 && f.amount > 100'000; }},
    FraudRule{
        "recent_declines", 200,
        [](const Facts& f, const Limits&) { return f.card_declines >= 3 && f.card_declines * 5 > f.card_payments; }},
    FraudRule{"other_currency", 100,
              [](const Facts& f, const Limits&) { return !f.card_currency.empty() && f.card_currency != f.currency; }},
    FraudRule{"no_address", 20, [](const Facts& f, const Limits&) { return f.address.empty(); }},
};
static_assert(std::count_if(kRules.begin(), kRules.end(), [](const FraudRule& r) { return r.points == 0; }) == 17);
static_assert(kRules.size() == 17 + 13);

constexpr std::size_t kLongestList = 10'000;

json::array list_of(const std::set<std::string>& names) {
  return json::array(names.begin(), names.end());
}

Result<void> read_list(const json::value& value, std::string_view key, std::set<std::string>& target) {
  const Error wrong = usage_error("'" + std::string(key) + "' is a list of texts, at most 10000");
  const json::array* items = value.if_array();
  if (items == nullptr || items->size() > kLongestList) return wrong;
  std::set<std::string> names;
  for (const json::value& item : *items) {
    if (!item.is_string() || item.as_string().empty()) return wrong;
    names.emplace(item.as_string());
  }
  target = std::move(names);
  return {};
}

struct ListMember {
  std::string_view name;
  std::set<std::string> FraudLimits::*member;
};
constexpr ListMember kLists[] = {
    {"blocked_addresses", &FraudLimits::blocked_addresses}, {"blocked_networks", &FraudLimits::blocked_networks},
    {"blocked_bins", &FraudLimits::blocked_bins},           {"blocked_cards", &FraudLimits::blocked_cards},
    {"blocked_merchants", &FraudLimits::blocked_merchants}, {"blocked_currencies", &FraudLimits::blocked_currencies}};

struct NumberMember {
  std::string_view name;
  std::int64_t FraudLimits::*member;
};
constexpr NumberMember kNumbers[] = {
    {"card_payments", &FraudLimits::card_payments},         {"address_payments", &FraudLimits::address_payments},
    {"merchant_payments", &FraudLimits::merchant_payments}, {"card_amount", &FraudLimits::card_amount},
    {"merchant_amount", &FraudLimits::merchant_amount},     {"single_amount", &FraudLimits::single_amount},
    {"card_merchants", &FraudLimits::card_merchants},       {"card_addresses", &FraudLimits::card_addresses},
    {"address_cards", &FraudLimits::address_cards},         {"same_amounts", &FraudLimits::same_amounts},
    {"key_merchants", &FraudLimits::key_merchants},         {"hold_score", &FraudLimits::hold_score}};

}  // namespace

json::object FraudLimits::to_json() const {
  json::object object;
  for (const auto& [name, member] : kLists) object[name] = list_of(this->*member);
  for (const auto& [name, member] : kNumbers) object[name] = this->*member;
  return object;
}

Result<FraudLimits> FraudLimits::changed(const json::object& changes) const {
  FraudLimits next = *this;
  for (const auto& [key, value] : changes) {
    const auto list = std::ranges::find(kLists, std::string_view(key), &ListMember::name);
    if (list != std::end(kLists)) {
      if (auto read = read_list(value, key, next.*(list->member)); !read) return read.error();
      continue;
    }
    const auto number = std::ranges::find(kNumbers, std::string_view(key), &NumberMember::name);
    if (number == std::end(kNumbers)) return usage_error("there is no fraud limit '" + std::string(key) + "'");
    if (!value.is_int64() || value.as_int64() < 0) {
      return usage_error("'" + std::string(key) + "' is a whole number from 0");
    }
    next.*(number->member) = value.as_int64();
  }
  return next;
}

std::span<const FraudRule> fraud_rules() noexcept {
  return kRules;
}

RuleResult apply_rules(const FraudFacts& facts, const FraudLimits& limits) {
  RuleResult result;
  for (const FraudRule& rule : kRules) {
    if (!rule.fires(facts, limits)) continue;
    result.fired.emplace_back(rule.name);
    result.hold = result.hold || rule.points == 0;
    result.points += rule.points;
  }
  result.points = std::min<std::int64_t>(result.points, 1000);
  return result;
}

std::int64_t combined_score(std::int64_t points, std::int64_t model_score) noexcept {
  return model_score < 0 ? points : (points + model_score) / 2;
}

}  // namespace tidegate::platform
