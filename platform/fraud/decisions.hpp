#pragma once
// What fraud decided about each payment: a row per payment, open until the decision.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "platform/events/envelope.hpp"
#include "platform/events/payment_events.hpp"
#include "platform/fraud/profiles.hpp"
#include "platform/store/store.hpp"

namespace tidegate::platform {

std::span<const Migration> decision_migrations();

struct Decision {
  SeenPayment payment;
  std::string traceparent;
  RuleResult rules;
  std::int64_t model_score = -1;  ///< -1: the model was not asked or did not answer
  std::string state = "scoring";  ///< scoring, cleared, held

  std::int64_t score() const { return combined_score(rules.points, model_score); }
  /// cleared or held, by the rules and the score.
  void decide(const FraudLimits& limits);
  /// fraud_cleared or fraud_held.
  Envelope to_event(bool by_operator) const;
  json::object to_json() const;
};

/// What the rules look at; an error when the event's data is malformed.
Result<SeenPayment> seen_payment(const Envelope& payment_created);

Result<void> insert_decision(Connection& connection, const Decision& decision);
/// False when it was decided before, unless an operator overrules (`from` is the state to leave).
Result<bool> finish_decision(Connection& connection, const Decision& decision, std::string_view from);
Result<std::optional<Decision>> find_decision(Connection& reader, const std::string& payment);
/// Without a decision, oldest first.
Result<std::vector<Decision>> open_decisions(Connection& reader);
/// Seen since then, oldest first: what fills the profiles after a restart.
Result<std::vector<SeenPayment>> seen_since(Connection& reader, std::int64_t at_ms);

Result<json::array> read_decisions(Connection& reader, std::int64_t after, std::int64_t as_of, std::int64_t limit,
                                   std::int64_t& last);
Result<std::int64_t> last_decision(Connection& reader);

}  // namespace tidegate::platform
