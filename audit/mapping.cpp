#include "audit/mapping.hpp"

#include <fmt/format.h>

#include <cmath>

#include "base/random.hpp"

namespace tidegate::audit {
namespace {

const std::map<std::string_view, MappedMembers>& all_members() {
  static const std::map<std::string_view, MappedMembers> members = {
      {"payments",
       {{"id", "key", "amount", "currency", "status"}, {"scope", "tenant", "created_at_ms", "captured", "refunded"}}},
      {"bank",
       {{"reference", "client_key", "amount", "currency", "status"}, {"merchant", "kind", "at_ms", "sequence"}}},
      {"ledger",
       {{"sequence", "transfer", "payment", "account", "direction", "amount", "currency"},
        {"kind", "merchant", "limit", "at_ms"}}},
      {"wallets", {{"sequence", "wallet", "direction", "amount", "currency"}, {"balance", "limit", "key", "at_ms"}}},
      {"attempts", {{"reference", "payment", "amount", "currency", "status"}, {"created_at_ms", "kind", "sequence"}}},
      {"events", {{"id", "type", "payment", "stream", "sequence"}, {"occurred_at"}}},
      {"dead-letters", {{"event"}, {"state", "at_ms"}}}};
  return members;
}

// What a system without the notion has: one scope, one tenant.
constexpr std::pair<std::string_view, std::string_view> kDefaults[] = {
    {"scope", ""}, {"tenant", "-"}, {"merchant", "-"}, {"kind", "charge"}};

bool is_whole_number(std::string_view member) {
  return member == "amount" || member == "balance" || member == "limit" || member == "captured" || member == "refunded";
}

Result<json::value> scaled(const json::value& value, double factor, const std::string& member) {
  if (factor == 1 && value.is_int64()) return value;
  double number = 0;
  if (value.is_number()) {
    number = value.to_number<double>();
  } else if (value.is_string()) {
    char* end = nullptr;
    const std::string text(value.as_string());
    number = std::strtod(text.c_str(), &end);
    if (text.empty() || *end != '\0') return protocol_error("'" + member + "' is not a number: " + text);
  } else {
    return protocol_error("'" + member + "' is not a number");
  }
  const double minor = std::round(number * factor);
  if (!(std::abs(minor) < 9e15) || std::abs(number * factor - minor) > 1e-6 * factor) {
    return protocol_error("'" + member + "' is no whole number of minor units: " + json::serialize(value));
  }
  return json::value(static_cast<std::int64_t>(minor));
}

}  // namespace

Result<Pick> Pick::parse(std::string_view text) {
  Pick pick;
  pick.text_ = text;
  if (!text.starts_with('$')) return pick;
  pick.constant_ = false;
  std::string_view rest = text.substr(1);
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('.', 1), rest.size());
    if (rest.front() != '.' || end < 2) {
      return usage_error("'" + std::string(text) + "' is not a path: write $.name or $.outer.inner");
    }
    pick.names_.emplace_back(rest.substr(1, end - 1));
    rest.remove_prefix(end);
  }
  return pick;
}

const json::value* Pick::find(const json::value& root) const {
  const json::value* at = &root;
  for (const std::string& name : names_) {
    if (!at->is_object()) return nullptr;
    at = at->as_object().if_contains(name);
    if (at == nullptr) return nullptr;
  }
  return at->is_null() ? nullptr : at;
}

const MappedMembers* mapped_members(std::string_view export_name) {
  const auto found = all_members().find(export_name);
  return found == all_members().end() ? nullptr : &found->second;
}

std::vector<std::string> mappable_exports() {
  std::vector<std::string> names;
  for (const auto& [name, members] : all_members()) names.emplace_back(name);
  return names;
}

Result<std::string> apply_mapping(const Mapping& mapping, std::string_view item) {
  const auto root = parse_json(item);
  if (!root) return root.error();
  json::object out;
  for (const auto& [member, pick] : mapping.members) {
    const json::value constant(pick.text());
    const json::value* found = pick.is_constant() ? &constant : pick.find(*root);
    if (found == nullptr) continue;  // whether it may be missing is the reader's business
    if (is_whole_number(member)) {
      auto number = scaled(*found, mapping.amount_factor, member);
      if (!number) return number.error();
      out[member] = std::move(*number);
    } else {
      out[member] = *found;
    }
  }
  for (const auto& [member, value] : kDefaults) out.emplace(member, value);
  if (!mapping.states.empty() && out.contains("status")) {
    const std::string word =
        out["status"].is_string() ? std::string(out["status"].as_string()) : json::serialize(out["status"]);
    const auto known = mapping.states.find(word);
    if (known != mapping.states.end()) out["status"] = known->second;
  }
  const std::string scope =
      out["scope"].is_string() ? std::string(out["scope"].as_string()) : json::serialize(out["scope"]);
  out["scope"] = fmt::format("{:016x}", stable_hash(scope));
  return json::serialize(out);
}

}  // namespace tidegate::audit
