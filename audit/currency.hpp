#pragma once
// ISO 4217 codes, packed into a number.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tidegate::audit {

/// Three capitals, one a byte; 0 is none.
using Currency = std::uint32_t;

/// None for what is not an active code of ISO 4217.
std::optional<Currency> currency_from(std::string_view text) noexcept;
/// Any three letters, known or not: what the harness itself asked for.
Currency pack_currency(std::string_view text) noexcept;
std::string currency_text(Currency currency);

}  // namespace tidegate::audit
