#pragma once
// Reads the bodies of the keyed requests. The errors are written for the client.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "platform/gateway/payment.hpp"

namespace tidegate::platform {

/// Largest amount of one payment, in minor units.
inline constexpr std::int64_t kLargestAmount = 999'999'999'999;

struct PaymentRequest {
  std::int64_t amount = 0;
  std::string currency;
  std::string card;
  bool manual = false;  ///< "capture": "manual"
};

/// {"amount": 1250, "currency": "EUR", "card": "tok_..."} and, when wanted, "capture": "automatic" or "manual" and
/// "exponent": the decimals that the client thinks the currency has, refused when ISO 4217 says otherwise. Exactly
/// these members, of these types: an amount is an integer from 1 to kLargestAmount, written as one (1e3 and 10.0 are
/// refused).
Result<PaymentRequest> parse_payment_request(std::string_view body);

struct OperationRequestBody {
  std::optional<std::int64_t> amount;  ///< nothing: all that is left
  bool final = false;                  ///< of a capture: release the rest
};
/// {} or nothing at all, or {"amount": 500, "final": true}. A cancellation takes neither; only a capture takes final.
Result<OperationRequestBody> parse_operation_request(std::string_view body, OperationKind kind);

/// 1 to 255 visible ASCII characters.
bool is_idempotency_key(std::string_view text) noexcept;

/// Equal for requests that ask for the same, whatever the spelling of their JSON.
std::int64_t fingerprint_of(std::int64_t amount, std::string_view currency, std::string_view card, bool manual);
std::int64_t fingerprint_of(std::int64_t payment, const OperationRequestBody& body);

}  // namespace tidegate::platform
