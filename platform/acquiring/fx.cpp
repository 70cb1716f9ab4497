#include "platform/acquiring/fx.hpp"

#include <algorithm>
#include <array>

namespace tidegate::platform {
namespace {

constexpr int kMostDigits = 12;
constexpr int kMostDecimals = 9;
constexpr Nanoseconds kRefreshAfter = std::chrono::seconds(10);

__extension__ typedef unsigned __int128 Wide;  // GCC and Clang have it on every 64-bit machine

constexpr Wide power_of_ten(int exponent) {
  Wide power = 1;
  for (int i = 0; i < exponent; ++i) power *= 10;
  return power;
}

struct Exponent {
  std::string_view currency;
  int places;
};
constexpr std::array kExponents{Exponent{"BHD", 3}, Exponent{"BIF", 0}, Exponent{"CLP", 0}, Exponent{"DJF", 0},
                                Exponent{"GNF", 0}, Exponent{"IQD", 3}, Exponent{"ISK", 0}, Exponent{"JOD", 3},
                                Exponent{"JPY", 0}, Exponent{"KMF", 0}, Exponent{"KRW", 0}, Exponent{"KWD", 3},
                                Exponent{"LYD", 3}, Exponent{"OMR", 3}, Exponent{"PYG", 0}, Exponent{"RWF", 0},
                                Exponent{"TND", 3}, Exponent{"UGX", 0}, Exponent{"UYI", 0}, Exponent{"VND", 0},
                                Exponent{"VUV", 0}, Exponent{"XAF", 0}, Exponent{"XOF", 0}, Exponent{"XPF", 0}};

}  // namespace

Result<FxRate> FxRate::parse(std::string_view text) {
  FxRate rate;
  int digits = 0;
  bool point = false;
  for (const char c : text) {
    if (c == '.' && !point && digits > 0) {
      point = true;
      continue;
    }
    if (c < '0' || c > '9')
      return usage_error("a rate is a decimal number, not '" + std::string(text.substr(0, 40)) + "'");
    rate.digits = rate.digits * 10 + (c - '0');
    digits += rate.digits > 0 ? 1 : 0;
    if (digits == 0 && !point) digits = 1;  // the zero of "0.93"
    rate.scale += point ? 1 : 0;
    if (digits > kMostDigits || rate.scale > kMostDecimals) {
      return usage_error("a rate has at most 12 digits, 9 of them decimal places");
    }
  }
  if (rate.digits == 0 || (point && rate.scale == 0)) return usage_error("a rate is a decimal number above 0");
  return rate;
}

std::string FxRate::text() const {
  std::string digits_text = std::to_string(digits);
  if (scale == 0) return digits_text;
  if (static_cast<int>(digits_text.size()) <= scale) {
    digits_text.insert(0, static_cast<std::size_t>(scale) + 1 - digits_text.size(), '0');
  }
  digits_text.insert(digits_text.size() - static_cast<std::size_t>(scale), 1, '.');
  return digits_text;
}

int exponent_of(std::string_view currency) noexcept {
  const auto found = std::ranges::find(kExponents, currency, &Exponent::currency);
  return found == kExponents.end() ? 2 : found->places;
}

Result<std::int64_t> convert(std::int64_t amount, std::string_view from, std::string_view to, const FxRate& rate) {
  if (amount < 0) return usage_error("an amount below 0 is not converted");
  // amount * digits * 10^(to - from - scale): below 2^63 * 10^12 * 10^3, which 128 bits hold.
  const int shift = exponent_of(to) - exponent_of(from) - rate.scale;
  Wide value = static_cast<Wide>(amount) * static_cast<Wide>(rate.digits);
  if (shift >= 0) {
    value *= power_of_ten(shift);
  } else {
    const Wide divisor = power_of_ten(-shift);
    const Wide rest = value % divisor;
    value /= divisor;
    const Wide half = divisor / 2;
    if (rest > half || (rest == half && value % 2 != 0)) ++value;
  }
  if (value > static_cast<Wide>(INT64_MAX)) return usage_error("the converted amount does not fit");
  return static_cast<std::int64_t>(value);
}

void FxCache::put(const std::string& from, const std::string& to, FxRate rate, Nanoseconds now) {
  rates_[{from, to}] = {rate, now};
}

std::optional<FxRate> FxCache::find(const std::string& from, const std::string& to, Nanoseconds now) const {
  const auto found = rates_.find({from, to});
  if (found == rates_.end() || now - found->second.at > kFresh) return std::nullopt;
  return found->second.rate;
}

bool FxCache::wants_refresh(const std::string& from, const std::string& to, Nanoseconds now) const {
  const auto found = rates_.find({from, to});
  return found == rates_.end() || now - found->second.at > kRefreshAfter;
}

}  // namespace tidegate::platform
