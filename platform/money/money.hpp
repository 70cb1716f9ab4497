#pragma once
// Money: integers in a currency's minor unit, with the exponent that ISO 4217 gives it, and arithmetic that notices
// when it does not fit. No floating type anywhere.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tidegate::platform {

/// How many decimals the currency's minor unit has: EUR 2, JPY 0, KWD 3. Nothing for a code that ISO 4217 does not list
/// as a currency one can pay with.
std::optional<int> currency_exponent(std::string_view code) noexcept;

/// Nothing when the result does not fit into 64 bits.
std::optional<std::int64_t> add_money(std::int64_t a, std::int64_t b) noexcept;
std::optional<std::int64_t> subtract_money(std::int64_t a, std::int64_t b) noexcept;

/// For people: 1250 EUR is "12.50 EUR", 1250 JPY is "1250 JPY". A currency without an exponent is written with 0.
std::string money_text(std::int64_t amount, std::string_view currency);

}  // namespace tidegate::platform
