#pragma once
// Foreign exchange without floating point: decimal rates, exact products, one stated rounding (half to even, once, at
// the end), and the 30 s cache that serves while a provider is away. Source: the FinPulse case study.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/time.hpp"

namespace tidegate::platform {

/// `digits` * 10^-`scale`, above 0, of at most 12 significant digits and 9 decimal places: "1.0845".
struct FxRate {
  std::int64_t digits = 0;
  int scale = 0;
  static Result<FxRate> parse(std::string_view text);
  std::string text() const;
  bool operator==(const FxRate&) const = default;
};

/// Decimal places of a currency (ISO 4217): 2 but for the exceptions.
int exponent_of(std::string_view currency) noexcept;

/// `amount` minor units of `from` in minor units of `to`; an error when it does not fit 63 bits.
Result<std::int64_t> convert(std::int64_t amount, std::string_view from, std::string_view to, const FxRate& rate);

/// Rates by pair. Not thread-safe; times come from the caller.
class FxCache {
 public:
  static constexpr Nanoseconds kFresh = std::chrono::seconds(30);
  void put(const std::string& from, const std::string& to, FxRate rate, Nanoseconds now);
  /// Not older than 30 s.
  std::optional<FxRate> find(const std::string& from, const std::string& to, Nanoseconds now) const;
  /// Whether it is worth asking again before it grows too old.
  bool wants_refresh(const std::string& from, const std::string& to, Nanoseconds now) const;

 private:
  struct Entry {
    FxRate rate;
    Nanoseconds at{0};
  };
  std::map<std::pair<std::string, std::string>, Entry> rates_;
};

}  // namespace tidegate::platform
