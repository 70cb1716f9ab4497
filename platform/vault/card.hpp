#pragma once
// What a card number is, and what of it may be shown. Pure.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "base/result.hpp"

namespace tidegate::platform {

/// A card as it came in. It lives for the time of one request; only the vault ever holds one.
struct CardDetails {
  std::string number;  ///< 12 to 19 digits with a right check digit (ISO/IEC 7812)
  std::int64_t expiry_month = 0, expiry_year = 0;

  /// From {number, expiry_month, expiry_year, cvv?}. Spaces and hyphens between digits are taken out. The CVV is
  /// checked for its shape and dropped: no part of the platform keeps one. Errors never repeat what was sent.
  static Result<CardDetails> from_request(const json::object& body);
};

/// The check digit's rule (Luhn, ISO/IEC 7812-1 annex B). `digits` are digits.
bool luhn_valid(std::string_view digits) noexcept;
/// visa, mastercard, amex, discover, jcb, unionpay, maestro, diners; "unknown" for the rest. By the leading digits.
std::string_view brand_of(std::string_view number) noexcept;
/// The leading six and the last four digits: what PCI DSS 3.4 lets others see.
std::string bin_of(std::string_view number);
std::string last_four_of(std::string_view number);

}  // namespace tidegate::platform
