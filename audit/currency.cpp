#include "audit/currency.hpp"

#include <algorithm>
#include <array>

namespace tidegate::audit {
namespace {

// Sorted. ISO 4217:2015, active codes, funds and metals left out.
constexpr std::string_view kCodes =
    "AEDAFNALLAMDANGAOAARSAUDAWGAZNBAMBBDBDTBGNBHDBIFBMDBNDBOBBRLBSDBTNBWPBYNBZDCADCDFCHFCLPCNYCOPCRCCUPCVECZKDJFDKKDOP"
    "DZD"
    "EGPERNETBEURFJDFKPGBPGELGHSGIPGMDGNFGTQGYDHKDHNLHTGHUFIDRILSINRIQDIRRISKJMDJODJPYKESKGSKHRKMFKPWKRWKWDKYDKZTLAKLBP"
    "LKR"
    "LRDLSLLYDMADMDLMGAMKDMMKMNTMOPMRUMURMVRMWKMXNMYRMZNNADNGNNIONOKNPRNZDOMRPABPENPGKPHPPKRPLNPYGQARRONRSDRUBRWFSARSBD"
    "SCR"
    "SDGSEKSGDSHPSLESOSSRDSSPSTNSVCSYPSZLTHBTJSTMTTNDTOPTRYTTDTWDTZSUAHUGXUSDUYUUZSVEDVESVNDVUVWSTXAFXCDXOFXPFYERZARZMW"
    "ZWG";
static_assert(kCodes.size() % 3 == 0);

constexpr Currency packed(std::string_view text) {
  Currency currency = 0;
  for (std::size_t i = 0; i < 3 && i < text.size(); ++i) {
    currency = (currency << 8) | static_cast<unsigned char>(text[i]);
  }
  return currency;
}

constexpr auto kPacked = [] {
  std::array<Currency, kCodes.size() / 3> codes{};
  for (std::size_t i = 0; i < codes.size(); ++i) codes[i] = packed(kCodes.substr(3 * i, 3));
  return codes;
}();
static_assert(std::is_sorted(kPacked.begin(), kPacked.end()));

}  // namespace

Currency pack_currency(std::string_view text) noexcept {
  return packed(text);
}

std::optional<Currency> currency_from(std::string_view text) noexcept {
  if (text.size() != 3) return std::nullopt;
  const Currency currency = packed(text);
  if (!std::binary_search(kPacked.begin(), kPacked.end(), currency)) return std::nullopt;
  return currency;
}

std::string currency_text(Currency currency) {
  std::string text;
  for (int shift = 16; shift >= 0; shift -= 8) {
    const char c = static_cast<char>((currency >> shift) & 0xff);
    if (c != '\0') text.push_back(c);
  }
  return text;
}

}  // namespace tidegate::audit
