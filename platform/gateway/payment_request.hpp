#pragma once
// Reads the body of `POST /v1/payments`: {"amount": 1250, "currency": "EUR", "card": "tok_..."}.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace tidegate::platform {

/// Largest amount of one payment, in minor units.
inline constexpr std::int64_t kLargestAmount = 999'999'999'999;

struct PaymentRequest {
  std::int64_t amount = 0;
  std::string currency;
  std::string card;
};

/// Exactly these members, of these types: an amount is an integer from 1 to kLargestAmount, written as one (1e3 and
/// 10.0 are refused). The error is written for the client.
Result<PaymentRequest> parse_payment_request(std::string_view body);

/// 1 to 255 visible ASCII characters.
bool is_idempotency_key(std::string_view text) noexcept;

/// Equal for requests that ask for the same, whatever the spelling of their JSON.
std::int64_t fingerprint_of(std::int64_t amount, std::string_view currency, std::string_view card);

}  // namespace tidegate::platform
