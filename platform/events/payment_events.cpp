#include "platform/events/payment_events.hpp"

namespace tidegate::platform {
namespace {

using event_data::bad;
using event_data::put;
using event_data::read_count;
using event_data::read_money;
using event_data::read_text;

constexpr std::size_t kMostAcquirers = 34;

Result<void> read_acquirers(const json::object& data, std::vector<std::string>& target) {
  const json::value* listed = data.if_contains("acquirers");
  if (listed == nullptr) return {};
  const json::array* names = listed->if_array();
  if (names == nullptr || names->size() > kMostAcquirers) return bad("acquirers is not a list of names");
  for (const json::value& name : *names) {
    if (!name.is_string() || name.as_string().empty()) return bad("acquirers is not a list of names");
    target.emplace_back(name.as_string());
  }
  return {};
}

}  // namespace

json::object PaymentCreated::to_data() const {
  json::object data{{"amount", amount}, {"currency", currency}, {"card_token", card_token}, {"client_key", client_key}};
  if (!capture) data["capture"] = false;
  if (!acquirers.empty()) data["acquirers"] = json::array(acquirers.begin(), acquirers.end());
  put(data, "settlement_currency", settlement_currency);
  put(data, "client_address", client_address);
  put(data, "card_bin", card_bin);
  return data;
}

Result<PaymentCreated> PaymentCreated::from_data(const json::object& data) {
  PaymentCreated event;
  if (auto read = read_money(data, event.amount, event.currency); !read) return read.error();
  if (auto read = read_text(data, "card_token", event.card_token); !read) return read.error();
  if (auto read = read_text(data, "client_key", event.client_key); !read) return read.error();
  event.capture = boolean_member(data, "capture").value_or(true);
  if (auto read = read_acquirers(data, event.acquirers); !read) return read.error();
  event.settlement_currency = string_member(data, "settlement_currency").value_or("");
  if (!event.settlement_currency.empty() && !is_currency(event.settlement_currency)) {
    return bad("settlement_currency is no currency");
  }
  event.client_address = string_member(data, "client_address").value_or("");
  event.card_bin = string_member(data, "card_bin").value_or("");
  return event;
}

json::object PaymentFinished::to_data() const {
  json::object data{{"amount", amount}, {"currency", currency}};
  put(data, "reason", reason);
  put(data, "reference", reference);
  put(data, "total", total);
  if (final_capture) data["final"] = true;
  put(data, "status", status);
  put(data, "expires_at_ms", expires_at_ms);
  return data;
}

Result<PaymentFinished> PaymentFinished::from_data(const json::object& data) {
  PaymentFinished event;
  if (auto read = read_money(data, event.amount, event.currency); !read) return read.error();
  event.reason = string_member(data, "reason").value_or("");
  event.reference = string_member(data, "reference").value_or("");
  if (auto read = read_count(data, "total", event.total); !read) return read.error();
  event.status = string_member(data, "status").value_or("");
  if (auto read = read_count(data, "expires_at_ms", event.expires_at_ms); !read) return read.error();
  event.final_capture = boolean_member(data, "final").value_or(false);
  return event;
}

json::object PaymentCommandData::to_data() const {
  json::object data{{"command", command}, {"amount", amount}, {"currency", currency}};
  if (final_capture) data["final"] = true;
  return data;
}

Result<PaymentCommandData> PaymentCommandData::from_data(const json::object& data) {
  PaymentCommandData event;
  if (auto read = read_text(data, "command", event.command); !read) return read.error();
  if (auto read = read_money(data, event.amount, event.currency); !read) return read.error();
  event.final_capture = boolean_member(data, "final").value_or(false);
  return event;
}

json::object AcquirerResult::to_data() const {
  json::object data{{"reference", reference}};
  put(data, "auth_code", auth_code);
  put(data, "reason", reason);
  put(data, "acquirer", acquirer);
  put(data, "expires_at_ms", expires_at_ms);
  put(data, "fx_rate", fx_rate);
  put(data, "settlement_amount", settlement_amount);
  put(data, "settlement_currency", settlement_currency);
  return data;
}

Result<AcquirerResult> AcquirerResult::from_data(const json::object& data) {
  AcquirerResult event;
  if (auto read = read_text(data, "reference", event.reference); !read) return read.error();
  event.auth_code = string_member(data, "auth_code").value_or("");
  event.reason = string_member(data, "reason").value_or("");
  event.acquirer = string_member(data, "acquirer").value_or("");
  if (auto read = read_count(data, "expires_at_ms", event.expires_at_ms); !read) return read.error();
  event.fx_rate = string_member(data, "fx_rate").value_or("");
  if (auto read = read_count(data, "settlement_amount", event.settlement_amount); !read) return read.error();
  event.settlement_currency = string_member(data, "settlement_currency").value_or("");
  return event;
}

json::object CommandResult::to_data() const {
  json::object data{{"command", command}, {"amount", amount}, {"currency", currency}};
  put(data, "reason", reason);
  return data;
}

Result<CommandResult> CommandResult::from_data(const json::object& data) {
  CommandResult event;
  if (auto read = read_text(data, "command", event.command); !read) return read.error();
  if (auto read = read_money(data, event.amount, event.currency); !read) return read.error();
  event.reason = string_member(data, "reason").value_or("");
  return event;
}

}  // namespace tidegate::platform
