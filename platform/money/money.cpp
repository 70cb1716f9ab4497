#include "platform/money/money.hpp"

#include <algorithm>
#include <array>

namespace tidegate::platform {
namespace {

// ISO 4217:2015 list one, without funds codes, precious metals and testing codes. Two decimals unless listed below.
constexpr std::string_view kTwoDecimals =
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP "
    "CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR "
    "JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN "
    "NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP "
    "SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD YER ZAR ZMW ZWL ";
constexpr std::string_view kNoDecimals = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF ";
constexpr std::string_view kThreeDecimals = "BHD IQD JOD KWD LYD OMR TND ";

bool lists(std::string_view codes, std::string_view code) noexcept {
  for (std::size_t at = 0; at < codes.size(); at += 4) {
    if (codes.substr(at, 3) == code) return true;
  }
  return false;
}

}  // namespace

std::optional<int> currency_exponent(std::string_view code) noexcept {
  if (lists(kTwoDecimals, code)) return 2;
  if (lists(kNoDecimals, code)) return 0;
  if (lists(kThreeDecimals, code)) return 3;
  return std::nullopt;
}

std::optional<std::int64_t> add_money(std::int64_t a, std::int64_t b) noexcept {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) return std::nullopt;
  return sum;
}

std::optional<std::int64_t> subtract_money(std::int64_t a, std::int64_t b) noexcept {
  std::int64_t rest = 0;
  if (__builtin_sub_overflow(a, b, &rest)) return std::nullopt;
  return rest;
}

std::string money_text(std::int64_t amount, std::string_view currency) {
  const auto decimals = static_cast<std::size_t>(currency_exponent(currency).value_or(0));
  const bool below_zero = amount < 0;
  // Through unsigned, so that the lowest amount has an opposite.
  std::string digits =
      std::to_string(below_zero ? 0 - static_cast<std::uint64_t>(amount) : static_cast<std::uint64_t>(amount));
  if (digits.size() <= decimals) digits.insert(0, decimals + 1 - digits.size(), '0');
  if (decimals > 0) digits.insert(digits.size() - decimals, ".");
  return (below_zero ? "-" : "") + digits + " " + std::string(currency);
}

}  // namespace tidegate::platform
