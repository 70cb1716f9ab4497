#include "platform/events/worker_events.hpp"

namespace tidegate::platform {

using event_data::bad;
using event_data::put;
using event_data::read_count;
using event_data::read_money;
using event_data::read_text;

json::object FraudDecision::to_data() const {
  json::object data{{"score", score}, {"rules", json::array(rules.begin(), rules.end())}};
  if (by_operator) data["by_operator"] = true;
  return data;
}

Result<FraudDecision> FraudDecision::from_data(const json::object& data) {
  FraudDecision event;
  if (!data.contains("score")) return bad("no score");
  if (auto read = read_count(data, "score", event.score); !read) return read.error();
  const json::value* rules = data.if_contains("rules");
  if (rules == nullptr || !rules->is_array()) return bad("no list of rules");
  for (const json::value& rule : rules->as_array()) {
    if (!rule.is_string()) return bad("rules is not a list of names");
    event.rules.emplace_back(rule.as_string());
  }
  event.by_operator = boolean_member(data, "by_operator").value_or(false);
  return event;
}

json::object LedgerMovement::to_data() const {
  json::object data{{"amount", amount}, {"currency", currency}};
  put(data, "balance", balance);
  put(data, "reference", reference);
  put(data, "reason", reason);
  return data;
}

Result<LedgerMovement> LedgerMovement::from_data(const json::object& data) {
  LedgerMovement event;
  if (auto read = read_money(data, event.amount, event.currency); !read) return read.error();
  if (auto read = read_count(data, "balance", event.balance); !read) return read.error();
  event.reference = string_member(data, "reference").value_or("");
  event.reason = string_member(data, "reason").value_or("");
  return event;
}

json::object PayoutData::to_data() const {
  json::object data{{"amount", amount}, {"currency", currency}, {"network", network}};
  put(data, "batch", batch);
  put(data, "reason", reason);
  return data;
}

Result<PayoutData> PayoutData::from_data(const json::object& data) {
  PayoutData event;
  if (auto read = read_money(data, event.amount, event.currency); !read) return read.error();
  if (auto read = read_text(data, "network", event.network); !read) return read.error();
  event.batch = string_member(data, "batch").value_or("");
  event.reason = string_member(data, "reason").value_or("");
  return event;
}

json::object Delivery::to_data() const {
  json::object data{{"event", event}, {"endpoint", endpoint}, {"attempts", attempts}};
  put(data, "cause", cause);
  return data;
}

Result<Delivery> Delivery::from_data(const json::object& data) {
  Delivery delivery;
  if (auto read = read_text(data, "event", delivery.event); !read) return read.error();
  if (auto read = read_text(data, "endpoint", delivery.endpoint); !read) return read.error();
  if (!data.contains("attempts")) return bad("no attempts");
  if (auto read = read_count(data, "attempts", delivery.attempts); !read) return read.error();
  delivery.cause = string_member(data, "cause").value_or("");
  return delivery;
}

}  // namespace tidegate::platform
