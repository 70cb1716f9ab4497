#pragma once
// Quantities with their units, as users write them: `300ms`, `400/s`, `99.95%`, `64KiB`.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/time.hpp"

namespace tidegate {

/// `250us`, `300ms`, `1.5s`, `15m`, `2h`, `30d`, also compound `1m30s`. An error names the units for a bare number.
Result<Nanoseconds> parse_duration(std::string_view text);
/// `400/s`, `30/m`, `10/h`; the result is per second.
Result<double> parse_rate(std::string_view text);
/// `99.95%` is 0.9995. Over 100 % is read too; the caller judges whether it makes sense.
Result<double> parse_share(std::string_view text);
/// `512B`, `64KiB`, `10MiB`, `1GiB`, `10MB`.
Result<std::uint64_t> parse_bytes(std::string_view text);
/// A whole decimal number; an error for anything else, overflow included.
Result<std::int64_t> parse_integer(std::string_view text);
/// A decimal number, the whole text; never `nan` or `inf`.
Result<double> parse_number(std::string_view text);

/// As a person reads it: `84 us`, `1.2 ms`, `15 s`, `4.32 min`, `47.6 h`.
std::string format_duration(Nanoseconds duration);
std::string format_seconds(double seconds);
std::string format_share(double share);
std::string format_rate(double per_second);
std::string format_bytes(std::uint64_t bytes);
std::string format_count(std::uint64_t count);  ///< 29,956

/// The candidate nearest to `text` by Damerau-Levenshtein distance, or empty when none is near enough to suggest.
template <typename Range>
std::string nearest_spelling(std::string_view text, const Range& candidates);
int edit_distance(std::string_view a, std::string_view b);

template <typename Range>
std::string nearest_spelling(std::string_view text, const Range& candidates) {
  std::string best;
  int best_distance = 1 + static_cast<int>(text.size()) / 2;
  for (const auto& candidate : candidates) {
    const int distance = edit_distance(text, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = std::string(candidate);
    }
  }
  return best;
}

}  // namespace tidegate
