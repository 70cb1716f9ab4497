#pragma once
// What the events of a payment carry in `data`: one struct per event type, with its JSON beside it, so that the
// producer and the consumers agree in one place. Amounts are integers in the currency's minor unit. The JSON Schemas
// are in events/schemas/; a test holds both equal and every change compatible.

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
// Topic payments: the life of a payment. All but the first carry PaymentFinished.
inline constexpr std::string_view payment_created = "payment_created";
inline constexpr std::string_view payment_authorized = "payment_authorized";
inline constexpr std::string_view payment_captured = "payment_captured";
inline constexpr std::string_view payment_declined = "payment_declined";
inline constexpr std::string_view payment_cancelled = "payment_cancelled";
inline constexpr std::string_view payment_expired = "payment_expired";
inline constexpr std::string_view payment_refunded = "payment_refunded";
inline constexpr std::string_view payment_settled = "payment_settled";
inline constexpr std::string_view payment_conflicted = "payment_conflicted";
inline constexpr std::string_view operation_refused = "operation_refused";  // the payment is in `status` again
// Topic payments: commands to the acquirer. They carry PaymentCommandData.
inline constexpr std::string_view capture_requested = "capture_requested";
inline constexpr std::string_view refund_requested = "refund_requested";
inline constexpr std::string_view cancel_requested = "cancel_requested";
// Topic acquiring: answers to payment_created. They carry AcquirerResult.
inline constexpr std::string_view acquirer_approved = "acquirer_approved";  // authorized and captured in one step
inline constexpr std::string_view acquirer_declined = "acquirer_declined";
inline constexpr std::string_view acquirer_authorized = "acquirer_authorized";  // to be captured until expires_at_ms
inline constexpr std::string_view acquirer_expired = "acquirer_expired";        // an authorization ran out, uncaptured
inline constexpr std::string_view acquirer_conflicted = "acquirer_conflicted";  // the bank says otherwise than before
// Topic acquiring: answers to commands. They carry CommandResult.
inline constexpr std::string_view acquirer_captured = "acquirer_captured";
inline constexpr std::string_view acquirer_capture_refused = "acquirer_capture_refused";
inline constexpr std::string_view acquirer_refunded = "acquirer_refunded";
inline constexpr std::string_view acquirer_refund_refused = "acquirer_refund_refused";
inline constexpr std::string_view acquirer_cancelled = "acquirer_cancelled";
inline constexpr std::string_view acquirer_cancel_refused = "acquirer_cancel_refused";
}  // namespace event_type

/// `payment_created`, topic payments. The merchant is the envelope's tenant.
struct PaymentCreated {
  std::int64_t amount = 0;  ///< minor units, above 0
  std::string currency;     ///< ISO 4217, three capitals
  std::string card_token;
  std::string client_key;  ///< the client's own idempotency key, passed on to the bank
  /// False: authorize only, captured later by command. Absent on the wire means true.
  bool capture = true;
  /// The routing decision: acquirers in the order to try. Empty: the acquiring worker's own order.
  std::vector<std::string> acquirers = {};
  /// The merchant settles in it; empty: in `currency`.
  std::string settlement_currency = {};
  /// Of the client, for the fraud rules; empty: not known.
  std::string client_address = {};
  /// The leading six digits of the card, as the vault tells them; empty: not known.
  std::string card_bin = {};

  json::object to_data() const;
  static Result<PaymentCreated> from_data(const json::object& data);
};

/// The events of topic payments after payment_created. `amount` is what this event is about: the whole payment of an
/// authorization, a decline, a cancellation; this capture, this refund.
struct PaymentFinished {
  std::int64_t amount = 0;
  std::string currency;
  std::string reason = {};  ///< of a decline, a conflict or a refusal
  std::string reference =
      {};                  ///< of the capture or the refund: unique within the payment; empty for a one-step capture
  std::int64_t total = 0;  ///< captured or refunded so far, this event included; 0: the same as amount
  bool final_capture = false;      ///< the rest of the authorization was given back
  std::string status = {};         ///< of the payment, where the event's type does not say it
  std::int64_t expires_at_ms = 0;  ///< of an authorization

  json::object to_data() const;
  static Result<PaymentFinished> from_data(const json::object& data);
};

/// `capture_requested`, `refund_requested`, `cancel_requested`. The acquirer de-duplicates by `command`.
struct PaymentCommandData {
  std::string command;      ///< "pay_...-c1", "-r1", "-v1": unique, the reference at the bank
  std::int64_t amount = 0;  ///< of the whole authorization for a cancel
  std::string currency;
  bool final_capture = false;  ///< the rest of the authorization is given back

  json::object to_data() const;
  static Result<PaymentCommandData> from_data(const json::object& data);
};

/// The answers to payment_created.
struct AcquirerResult {
  std::string reference;                 ///< of the charge at the bank
  std::string auth_code = {};            ///< when approved or authorized
  std::string reason = {};               ///< when declined
  std::string acquirer = {};             ///< who answered
  std::int64_t expires_at_ms = 0;        ///< of an authorization
  std::string fx_rate = {};              ///< decimal: settlement units per unit of the payment's currency
  std::int64_t settlement_amount = 0;    ///< minor units of settlement_currency
  std::string settlement_currency = {};  ///< when it is another one

  json::object to_data() const;
  static Result<AcquirerResult> from_data(const json::object& data);
};

/// The answers to commands.
struct CommandResult {
  std::string command;
  std::int64_t amount = 0;
  std::string currency;
  std::string reason = {};  ///< when refused

  json::object to_data() const;
  static Result<CommandResult> from_data(const json::object& data);
};

}  // namespace tidegate::platform
