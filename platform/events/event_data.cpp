#include "platform/events/event_data.hpp"

namespace tidegate::platform {

bool is_currency(std::string_view text) {
  if (text.size() != 3) return false;
  for (const char c : text) {
    if (c < 'A' || c > 'Z') return false;
  }
  return true;
}

namespace event_data {

Result<void> read_money(const json::object& data, std::int64_t& amount, std::string& currency) {
  const auto number = integer_member(data, "amount");
  auto code = string_member(data, "currency");
  if (!number || *number <= 0) return bad("no amount above 0");
  if (!code || !is_currency(*code)) return bad("no currency");
  amount = *number;
  currency = std::move(*code);
  return {};
}

Result<void> read_text(const json::object& data, std::string_view key, std::string& target) {
  target = string_member(data, key).value_or("");
  if (target.empty()) return bad("no " + std::string(key));
  return {};
}

Result<void> read_count(const json::object& data, std::string_view key, std::int64_t& target) {
  if (!data.contains(key)) return {};
  const auto value = integer_member(data, key);
  if (!value || *value < 0) return bad(std::string(key) + " is not a whole number from 0");
  target = *value;
  return {};
}

void put(json::object& data, std::string_view key, std::string_view value) {
  if (!value.empty()) data[key] = value;
}

void put(json::object& data, std::string_view key, std::int64_t value) {
  if (value != 0) data[key] = value;
}

}  // namespace event_data
}  // namespace tidegate::platform
