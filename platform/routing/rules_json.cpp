// Routing rules as an operator writes them.

#include <fmt/format.h>

#include <array>
#include <set>

#include "base/units.hpp"
#include "platform/money/money.hpp"
#include "platform/routing/rules.hpp"

namespace tidegate::platform {
namespace {

constexpr std::array<std::string_view, 9> kMembers{"name",      "merchants", "cards",     "currencies", "amount_from",
                                                   "amount_to", "block",     "acquirers", "spread"};
constexpr std::size_t kMostNames = 10'000;
constexpr std::size_t kLongestName = 100;

bool is_acquirer(const std::string& name) {
  for (int number = 1; number <= kAcquirers; ++number) {
    if (name == acquirer_name(number)) return true;
  }
  return false;
}

Result<void> check_members(const json::object& object) {
  for (const auto& member : object) {
    const std::string key(member.key());
    if (std::find(kMembers.begin(), kMembers.end(), key) != kMembers.end()) continue;
    const std::string near = nearest_spelling(key, kMembers);
    return usage_error("unknown member '" + key.substr(0, kLongestName) + "'" +
                       (near.empty() ? "" : "; did you mean '" + near + "'?"));
  }
  return {};
}

Result<std::vector<std::string>> read_names(const json::object& object, const char* member) {
  std::vector<std::string> names;
  const json::value* value = object.if_contains(member);
  if (value == nullptr) return names;
  if (!value->is_array() || value->get_array().empty() || value->get_array().size() > kMostNames) {
    return usage_error(fmt::format("{} is a list of 1 to {} names", member, kMostNames));
  }
  for (const json::value& name : value->get_array()) {
    if (!name.is_string() || name.get_string().empty() || name.get_string().size() > kLongestName) {
      return usage_error(fmt::format("{} is a list of names", member));
    }
    names.emplace_back(name.get_string());
  }
  return names;
}

Result<std::int64_t> read_amount(const json::object& object, const char* member, std::int64_t fallback) {
  if (object.if_contains(member) == nullptr) return fallback;
  const auto amount = integer_member(object, member);
  if (!amount || *amount < 0) return usage_error(fmt::format("{} is an amount in minor units", member));
  return *amount;
}

Result<bool> read_flag(const json::object& object, const char* member) {
  if (object.if_contains(member) == nullptr) return false;
  const auto flag = boolean_member(object, member);
  if (!flag) return usage_error(fmt::format("{} is true or false", member));
  return *flag;
}

Result<void> read_lists(const json::object& object, RoutingRule& rule) {
  const std::pair<const char*, std::vector<std::string>*> lists[] = {{"merchants", &rule.merchants},
                                                                     {"cards", &rule.cards},
                                                                     {"currencies", &rule.currencies},
                                                                     {"acquirers", &rule.acquirers}};
  for (const auto& [member, target] : lists) {
    auto names = read_names(object, member);
    if (!names) return names.error();
    *target = std::move(*names);
  }
  for (const std::string& code : rule.currencies) {
    if (!currency_exponent(code)) return usage_error("'" + code + "' is no currency of ISO 4217");
  }
  for (const std::string& name : rule.acquirers) {
    if (!is_acquirer(name)) {
      return usage_error(
          fmt::format("'{}' is no acquirer: {} to {}", name, acquirer_name(1), acquirer_name(kAcquirers)));
    }
  }
  if (std::set<std::string>(rule.acquirers.begin(), rule.acquirers.end()).size() != rule.acquirers.size()) {
    return usage_error("an acquirer is listed twice: an unknown outcome would be tried there again");
  }
  return {};
}

Result<RoutingRule> read_rule(const json::value& value) {
  if (!value.is_object()) return usage_error("a rule is an object");
  const json::object& object = value.get_object();
  if (auto known = check_members(object); !known) return known.error();
  RoutingRule rule;
  rule.name = string_member(object, "name").value_or("");
  if (rule.name.empty() || rule.name.size() > kLongestName) return usage_error("a rule has a name of 1 to 100 bytes");
  if (auto read = read_lists(object, rule); !read) return read.error();
  const auto from = read_amount(object, "amount_from", 0);
  if (!from) return from.error();
  const auto to = read_amount(object, "amount_to", INT64_MAX);
  if (!to) return to.error();
  if (*from > *to) return usage_error("amount_from is above amount_to: the rule never fits");
  rule.amount_from = *from;
  rule.amount_to = *to;
  const auto block = read_flag(object, "block");
  if (!block) return block.error();
  const auto spread = read_flag(object, "spread");
  if (!spread) return spread.error();
  rule.block = *block;
  rule.spread = *spread;
  if (rule.block != rule.acquirers.empty()) return usage_error("a rule either blocks or lists acquirers");
  return rule;
}

void add_names(json::object& object, const char* member, const std::vector<std::string>& names) {
  if (names.empty()) return;
  json::array& list = object[member].emplace_array();
  for (const std::string& name : names) list.emplace_back(name);
}

}  // namespace

Result<RoutingRules> RoutingRules::from_json(const json::value& document) {
  const json::value* listed = document.is_object() ? document.get_object().if_contains("rules") : nullptr;
  if (listed == nullptr || !listed->is_array() || document.get_object().size() != 1) {
    return usage_error("the rules are {\"rules\": [...]}");
  }
  if (listed->get_array().size() > kMostRules) return usage_error(fmt::format("at most {} rules", kMostRules));
  std::vector<RoutingRule> rules;
  for (const json::value& value : listed->get_array()) {
    auto rule = read_rule(value);
    if (!rule) return usage_error(fmt::format("rule {}: {}", rules.size() + 1, rule.error().message));
    rules.push_back(std::move(*rule));
  }
  return RoutingRules(std::move(rules));
}

json::object RoutingRules::to_json() const {
  json::array listed;
  for (const RoutingRule& rule : rules_) {
    json::object object{{"name", rule.name}};
    add_names(object, "merchants", rule.merchants);
    add_names(object, "cards", rule.cards);
    add_names(object, "currencies", rule.currencies);
    if (rule.amount_from > 0) object["amount_from"] = rule.amount_from;
    if (rule.amount_to < INT64_MAX) object["amount_to"] = rule.amount_to;
    if (rule.block) object["block"] = true;
    add_names(object, "acquirers", rule.acquirers);
    if (rule.spread) object["spread"] = true;
    listed.push_back(std::move(object));
  }
  return {{"rules", std::move(listed)}};
}

}  // namespace tidegate::platform
