#include "base/units.hpp"

#include <charconv>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <span>

namespace tidegate {
namespace {

struct Unit {
  std::string_view name;
  double factor;
};

constexpr Unit kDurations[] = {{"d", 86400e9}, {"h", 3600e9}, {"m", 60e9}, {"s", 1e9},
                               {"ms", 1e6},    {"us", 1e3},   {"ns", 1}};
constexpr Unit kBytes[] = {{"B", 1},    {"KiB", 1024.0}, {"MiB", 1048576.0}, {"GiB", 1073741824.0}, {"TiB", 0x1p40},
                           {"KB", 1e3}, {"kB", 1e3},     {"MB", 1e6},        {"GB", 1e9},           {"TB", 1e12}};

Error expected(const char* what, std::string_view found) {
  return usage_error("expected " + std::string(what) + ", found '" + std::string(found) + "'");
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Takes `12` or `12.5` off the front: no sign, no exponent.
std::optional<double> take_number(std::string_view& text) {
  std::size_t length = 0;
  while (length < text.size() && is_digit(text[length])) ++length;
  if (length == 0) return std::nullopt;
  if (length + 1 < text.size() && text[length] == '.' && is_digit(text[length + 1])) {
    ++length;
    while (length < text.size() && is_digit(text[length])) ++length;
  }
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + length, value, std::chars_format::fixed);
  if (error != std::errc() || end != text.data() + length) return std::nullopt;
  text.remove_prefix(length);
  return value;
}

/// Takes the longest run of letters that is a unit's name off the front; the unit's place in the table.
std::optional<std::size_t> take_unit(std::string_view& text, std::span<const Unit> units) {
  std::size_t length = 0;
  while (length < text.size() && !is_digit(text[length])) ++length;
  for (std::size_t i = 0; i < units.size(); ++i) {
    if (text.substr(0, length) == units[i].name) {
      text.remove_prefix(length);
      return i;
    }
  }
  return std::nullopt;
}

std::optional<double> number_with_unit(std::string_view text, std::span<const Unit> units) {
  const auto number = take_number(text);
  if (!number) return std::nullopt;
  const auto unit = take_unit(text, units);
  if (!unit || !text.empty()) return std::nullopt;
  return *number * units[*unit].factor;
}

}  // namespace

Result<Nanoseconds> parse_duration(std::string_view text) {
  const auto refuse = [whole = text] { return expected("a duration with its unit, such as 300ms or 15s", whole); };
  if (text.empty()) return refuse();
  double sum = 0;
  std::size_t next_unit = 0;  // units of a compound descend, each at most once
  while (!text.empty()) {
    const auto number = take_number(text);
    if (!number) return refuse();
    const auto unit = take_unit(text, kDurations);
    if (!unit || *unit < next_unit) return refuse();
    next_unit = *unit + 1;
    sum += std::round(*number * kDurations[*unit].factor);
  }
  if (sum >= static_cast<double>(std::numeric_limits<std::int64_t>::max())) return refuse();
  return Nanoseconds(static_cast<std::int64_t>(sum));
}

Result<double> parse_rate(std::string_view text) {
  constexpr Unit kSeconds[] = {{"/s", 1}, {"/m", 60}, {"/h", 3600}};
  std::string_view rest = text;
  if (const auto number = take_number(rest)) {
    const auto unit = take_unit(rest, kSeconds);
    // Divided, not multiplied by 1/60: 30/m is exactly 0.5/s.
    if (unit && rest.empty()) return *number / kSeconds[*unit].factor;
  }
  return expected("a rate with its unit, such as 400/s, 30/m or 10/h", text);
}

Result<double> parse_share(std::string_view text) {
  constexpr Unit kPercent[] = {{"%", 1}};
  if (const auto percent = number_with_unit(text, kPercent)) return *percent / 100;
  return expected("a share in percent, such as 99.95%", text);
}

Result<std::uint64_t> parse_bytes(std::string_view text) {
  const auto bytes = number_with_unit(text, kBytes);
  if (!bytes || *bytes >= 0x1p63 || *bytes != std::floor(*bytes)) {
    return expected("a size with its unit, such as 512B, 64KiB or 10MB", text);
  }
  return static_cast<std::uint64_t>(*bytes);
}

Result<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) {
    return expected("a whole number", text);
  }
  return value;
}

Result<double> parse_number(std::string_view text) {
  double value = 0;
  const std::size_t sign = text.starts_with('-') ? 1 : 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  // The first digit is asked for, since from_chars reads `inf` and `nan`.
  if (text.size() <= sign || !is_digit(text[sign]) || error != std::errc() || end != text.data() + text.size()) {
    return expected("a number", text);
  }
  return value;
}

}  // namespace tidegate
