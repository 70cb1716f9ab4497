#pragma once
// What a gate compares: a quantity of one dimension against a limit with its unit.

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace tidegate::gates {

/// Time in seconds, shares as fractions, rates per second; counts and bytes as they are.
enum class Dimension { time, share, rate, count, records, bytes, ratio };
/// The unit's name in verdict.json: "s", "share", "1/s", "count", "records", "B", "ratio".
std::string_view unit_name(Dimension dimension);
/// For sentences: "a time", "a share".
std::string_view noun_of(Dimension dimension);

enum class Comparison { less, less_equal, greater, greater_equal };
std::string_view to_string(Comparison comparison);
bool holds(double value, Comparison comparison, double limit);
/// Whether small values are the good ones.
inline bool wants_small(Comparison comparison) {
  return comparison == Comparison::less || comparison == Comparison::less_equal;
}

/// `< 500ms`: how a value must stand to a limit.
struct Limit {
  Comparison comparison = Comparison::less;
  double value = 0;
  Dimension dimension = Dimension::time;
  bool holds(double measured) const { return gates::holds(measured, comparison, value); }
  std::string text() const;  ///< "< 500 ms"
};

/// Takes `<`, `<=`, `>` or `>=` from the front of the text; none when it starts with neither.
std::optional<Comparison> take_comparison(std::string_view& text);
/// A quantity of the dimension; the error says which unit is missing or does not fit.
Result<double> parse_quantity(std::string_view text, Dimension dimension);
/// A comparison and a quantity.
Result<Limit> parse_limit(std::string_view text, Dimension dimension);

/// As a person reads it: "612 ms", "99.95 %", "4,800/s", "1,024 records".
std::string format_quantity(double value, Dimension dimension);
/// "[598, 631]" in the unit that `format_quantity(scale)` uses.
std::string format_interval(double low, double high, double scale, Dimension dimension);

std::string_view trimmed(std::string_view text);

}  // namespace tidegate::gates
