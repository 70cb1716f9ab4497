#pragma once
// What the events of a payment carry in `data`: one struct per event type, with its JSON beside it, so that the
// producer and the consumers agree in one place. Amounts are integers in the currency's minor unit.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "base/result.hpp"

namespace tidegate::platform {

inline constexpr std::string_view kPaymentsTopic = "payments";
inline constexpr std::string_view kAcquiringTopic = "acquiring";

namespace event_type {
inline constexpr std::string_view payment_created = "payment_created";
inline constexpr std::string_view payment_captured = "payment_captured";
inline constexpr std::string_view payment_declined = "payment_declined";
inline constexpr std::string_view acquirer_approved = "acquirer_approved";
inline constexpr std::string_view acquirer_declined = "acquirer_declined";
}  // namespace event_type

/// `payment_created`, topic payments. The merchant is the envelope's tenant.
struct PaymentCreated {
  std::int64_t amount = 0;  ///< minor units, above 0
  std::string currency;     ///< ISO 4217, three capitals
  std::string card_token;
  std::string client_key;  ///< the client's own idempotency key, passed on to the bank

  json::object to_data() const;
  static Result<PaymentCreated> from_data(const json::object& data);
};

/// `payment_captured` and `payment_declined`, topic payments.
struct PaymentFinished {
  std::int64_t amount = 0;
  std::string currency;
  std::string reason;  ///< of a decline; empty when captured

  json::object to_data() const;
  static Result<PaymentFinished> from_data(const json::object& data);
};

/// `acquirer_approved` and `acquirer_declined`, topic acquiring.
struct AcquirerResult {
  std::string reference;  ///< of the charge at the bank
  std::string auth_code;  ///< when approved
  std::string reason;     ///< when declined

  json::object to_data() const;
  static Result<AcquirerResult> from_data(const json::object& data);
};

/// Three capital letters.
bool is_currency(std::string_view text);

}  // namespace tidegate::platform
