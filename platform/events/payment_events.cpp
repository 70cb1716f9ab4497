#include "platform/events/payment_events.hpp"

namespace tidegate::platform {
namespace {

Error bad(std::string_view what) {
  return protocol_error("event data: " + std::string(what));
}

Result<void> read_money(const json::object& data, std::int64_t& amount, std::string& currency) {
  const auto number = integer_member(data, "amount");
  auto code = string_member(data, "currency");
  if (!number || *number <= 0) return bad("no amount above 0");
  if (!code || !is_currency(*code)) return bad("no currency");
  amount = *number;
  currency = std::move(*code);
  return {};
}

}  // namespace

bool is_currency(std::string_view text) {
  if (text.size() != 3) return false;
  for (const char c : text) {
    if (c < 'A' || c > 'Z') return false;
  }
  return true;
}

json::object PaymentCreated::to_data() const {
  return {{"amount", amount}, {"currency", currency}, {"card_token", card_token}, {"client_key", client_key}};
}

Result<PaymentCreated> PaymentCreated::from_data(const json::object& data) {
  PaymentCreated event;
  if (auto read = read_money(data, event.amount, event.currency); !read) return read.error();
  event.card_token = string_member(data, "card_token").value_or("");
  event.client_key = string_member(data, "client_key").value_or("");
  if (event.card_token.empty()) return bad("no card_token");
  if (event.client_key.empty()) return bad("no client_key");
  return event;
}

json::object PaymentFinished::to_data() const {
  json::object data{{"amount", amount}, {"currency", currency}};
  if (!reason.empty()) data["reason"] = reason;
  return data;
}

Result<PaymentFinished> PaymentFinished::from_data(const json::object& data) {
  PaymentFinished event;
  if (auto read = read_money(data, event.amount, event.currency); !read) return read.error();
  event.reason = string_member(data, "reason").value_or("");
  return event;
}

json::object AcquirerResult::to_data() const {
  json::object data{{"reference", reference}};
  if (!auth_code.empty()) data["auth_code"] = auth_code;
  if (!reason.empty()) data["reason"] = reason;
  return data;
}

Result<AcquirerResult> AcquirerResult::from_data(const json::object& data) {
  AcquirerResult event;
  event.reference = string_member(data, "reference").value_or("");
  event.auth_code = string_member(data, "auth_code").value_or("");
  event.reason = string_member(data, "reason").value_or("");
  if (event.reference.empty()) return bad("no reference");
  return event;
}

}  // namespace tidegate::platform
