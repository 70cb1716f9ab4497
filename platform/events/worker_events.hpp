#pragma once
// What the events of the workers behind a payment carry: fraud, ledger, payouts, dead letters, reconciliation, audit.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "platform/events/event_data.hpp"
#include "platform/events/topics.hpp"

namespace tidegate::platform {

namespace event_type {
// Topic fraud: FraudDecision.
inline constexpr std::string_view fraud_cleared = "fraud_cleared";
inline constexpr std::string_view fraud_held = "fraud_held";
// Topic ledger: LedgerMovement. `settled` is about a payment; the wallet events are keyed by the wallet.
inline constexpr std::string_view ledger_settled = "ledger_settled";
inline constexpr std::string_view wallet_credited = "wallet_credited";
inline constexpr std::string_view wallet_debited = "wallet_debited";
inline constexpr std::string_view payout_reserved = "payout_reserved";  // keyed by the payout
inline constexpr std::string_view payout_refused = "payout_refused";
// Topic payouts, keyed by the payout: PayoutData.
inline constexpr std::string_view payout_requested = "payout_requested";
inline constexpr std::string_view payout_paid = "payout_paid";
inline constexpr std::string_view payout_failed = "payout_failed";
// Topics notifications and dead-letters: Delivery.
inline constexpr std::string_view notification_delivered = "notification_delivered";
inline constexpr std::string_view dead_lettered = "dead_lettered";
// Topics reconciliation and audit: free-form figures (schemas/workers.json).
inline constexpr std::string_view reconciliation_finished = "reconciliation_finished";
inline constexpr std::string_view audit_root_signed = "audit_root_signed";
}  // namespace event_type

/// `fraud_cleared`, `fraud_held`.
struct FraudDecision {
  std::int64_t score = 0;               ///< 0 to 1000
  std::vector<std::string> rules = {};  ///< that fired
  bool by_operator = false;             ///< a person released or held it

  json::object to_data() const;
  static Result<FraudDecision> from_data(const json::object& data);
};

/// `ledger_settled`, `wallet_credited`, `wallet_debited`.
struct LedgerMovement {
  std::int64_t amount = 0;
  std::string currency;
  std::int64_t balance = 0;    ///< of the wallet, after it
  std::string reference = {};  ///< the client's key for a wallet; the batch for a settlement, empty when streamed
  std::string reason = {};     ///< why a payout was refused

  json::object to_data() const;
  static Result<LedgerMovement> from_data(const json::object& data);
};

/// `payout_requested`, `payout_paid`, `payout_failed`.
struct PayoutData {
  std::int64_t amount = 0;
  std::string currency;
  std::string network;      ///< one of the 12
  std::string batch = {};   ///< the payout batch it belongs to
  std::string reason = {};  ///< when it failed

  json::object to_data() const;
  static Result<PayoutData> from_data(const json::object& data);
};

/// `notification_delivered`, `dead_lettered`.
struct Delivery {
  std::string event;          ///< the id of the event that was told
  std::string endpoint;       ///< to whom
  std::int64_t attempts = 0;  ///< made so far
  std::string cause = {};     ///< why it was given up

  json::object to_data() const;
  static Result<Delivery> from_data(const json::object& data);
};

}  // namespace tidegate::platform
