#pragma once
// The read side of CQRS: the status of payments and the balance of wallets, as the events tell them.

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/json.hpp"
#include "platform/events/envelope.hpp"
#include "platform/store/store.hpp"

namespace tidegate::platform {

std::span<const Migration> view_migrations();

/// The effect of one event of the topics payments, fraud and ledger. Events of one payment come in order; those of
/// another topic may come before the payment itself.
Result<void> project(Connection& connection, const Envelope& event);

struct PaymentView {
  std::string merchant, status, currency;
  std::int64_t amount = 0, captured = 0, refunded = 0;
  bool held = false;
  std::int64_t created_at_ms = 0, updated_at_ms = 0;
  std::string reason{};            ///< of a decline
  std::int64_t expires_at_ms = 0;  ///< of an authorization

  /// As the API shows a payment (gateway/openapi.json).
  json::object to_json(const std::string& payment, std::int64_t staleness_ms) const;
};
/// Nothing when the merchant has no such payment (as far as this copy knows).
Result<std::optional<PaymentView>> find_payment_view(Connection& reader, std::string_view merchant,
                                                     std::string_view payment);

struct WalletView {
  std::string currency;
  std::int64_t balance = 0, updated_at_ms = 0;
};
Result<std::optional<WalletView>> find_wallet_view(Connection& reader, std::string_view tenant,
                                                   std::string_view wallet);

}  // namespace tidegate::platform
