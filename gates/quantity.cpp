#include "gates/quantity.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <utility>

#include "base/assert.hpp"
#include "base/units.hpp"

namespace tidegate::gates {
namespace {

struct Scale {
  double factor;  // multiplies the stored value
  std::string_view unit;
};

Scale scale_for(double value, Dimension dimension) {
  const double size = std::abs(value);
  switch (dimension) {
    case Dimension::time:
      if (size < 1e-3) return {1e6, " us"};
      if (size < 1) return {1e3, " ms"};
      if (size < 120) return {1, " s"};
      return {1.0 / 60, " min"};
    case Dimension::share:
      return {100, " %"};
    case Dimension::rate:
      return {1, "/s"};
    case Dimension::count:
    case Dimension::ratio:
      return {1, ""};
    case Dimension::records:
      return {1, " records"};
    case Dimension::bytes:
      return {1, " B"};
  }
  return {1, ""};
}

// Three significant digits below 1,000, whole numbers with separators above.
std::string number_text(double value) {
  if (std::abs(value) >= 999.5) {
    return (value < 0 ? "-" : "") + format_count(static_cast<std::uint64_t>(std::llround(std::abs(value))));
  }
  return fmt::format("{:.3g}", value);
}

// A share near 1 is told apart by more digits: 99.95 %, not 100 %.
std::string share_text(double percent) {
  if (percent > 99 && percent < 100) return fmt::format("{:.6g}", percent);
  return number_text(percent);
}

std::string scaled_text(double value, const Scale& scale, Dimension dimension) {
  const double scaled = value * scale.factor;
  return dimension == Dimension::share ? share_text(scaled) : number_text(scaled);
}

Error unit_error(std::string_view text, std::string_view wanted) {
  return usage_error(fmt::format("'{}' is not {}", text, wanted));
}

// What else the text could be read as, to say which unit does not fit.
std::string other_reading(std::string_view text) {
  if (parse_duration(text)) return "a time";
  if (parse_rate(text)) return "a rate";
  if (parse_share(text)) return "a share";
  return {};
}

template <typename Value>
Result<double> with_unit(const Result<Value>& parsed, double value, std::string_view text, std::string_view dimension,
                         std::string_view example) {
  if (parsed) return value;
  if (parse_number(text)) return usage_error(fmt::format("'{}' needs a unit, such as {}", text, example));
  if (const std::string other = other_reading(text); !other.empty()) {
    return usage_error(fmt::format("'{}' is {}; {} is compared here, such as {}", text, other, dimension, example));
  }
  return unit_error(text, fmt::format("{} such as {}", dimension, example));
}

Result<double> without_unit(std::string_view text, std::string_view dimension) {
  auto number = parse_number(text);
  if (number && *number >= 0) return *number;
  if (const std::string other = other_reading(text); !other.empty()) {
    return usage_error(fmt::format("'{}' is {}; {} is compared here, such as 100", text, other, dimension));
  }
  return unit_error(text, fmt::format("{} such as 100", dimension));
}

}  // namespace

std::string_view unit_name(Dimension dimension) {
  switch (dimension) {
    case Dimension::time:
      return "s";
    case Dimension::share:
      return "share";
    case Dimension::rate:
      return "1/s";
    case Dimension::count:
      return "count";
    case Dimension::records:
      return "records";
    case Dimension::bytes:
      return "B";
    case Dimension::ratio:
      return "ratio";
  }
  return "";
}

std::string_view noun_of(Dimension dimension) {
  switch (dimension) {
    case Dimension::time:
      return "a time";
    case Dimension::share:
      return "a share";
    case Dimension::rate:
      return "a rate";
    case Dimension::count:
      return "a count";
    case Dimension::records:
      return "a number of records";
    case Dimension::bytes:
      return "a size";
    case Dimension::ratio:
      return "a ratio";
  }
  return "";
}

std::string_view to_string(Comparison comparison) {
  switch (comparison) {
    case Comparison::less:
      return "<";
    case Comparison::less_equal:
      return "<=";
    case Comparison::greater:
      return ">";
    case Comparison::greater_equal:
      return ">=";
  }
  return "";
}

bool holds(double value, Comparison comparison, double limit) {
  switch (comparison) {
    case Comparison::less:
      return value < limit;
    case Comparison::less_equal:
      return value <= limit;
    case Comparison::greater:
      return value > limit;
    case Comparison::greater_equal:
      return value >= limit;
  }
  return false;
}

std::string Limit::text() const {
  return std::string(to_string(comparison)) + " " + format_quantity(value, dimension);
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::optional<Comparison> take_comparison(std::string_view& text) {
  // The longer spelling first, since one begins the other.
  static constexpr std::array<std::pair<std::string_view, Comparison>, 4> kSpellings = {{
      {"<=", Comparison::less_equal},
      {">=", Comparison::greater_equal},
      {"<", Comparison::less},
      {">", Comparison::greater},
  }};
  for (const auto& [spelling, comparison] : kSpellings) {
    if (text.starts_with(spelling)) {
      text.remove_prefix(spelling.size());
      return comparison;
    }
  }
  return std::nullopt;
}

Result<double> parse_quantity(std::string_view raw, Dimension dimension) {
  const std::string_view text = trimmed(raw);
  switch (dimension) {
    case Dimension::time: {
      const auto parsed = parse_duration(text);
      return with_unit(parsed, parsed ? to_seconds(*parsed) : 0, text, "a time", "500ms");
    }
    case Dimension::share: {
      const auto parsed = parse_share(text);
      return with_unit(parsed, parsed ? *parsed : 0, text, "a share", "1%");
    }
    case Dimension::rate: {
      const auto parsed = parse_rate(text);
      return with_unit(parsed, parsed ? *parsed : 0, text, "a rate", "400/s");
    }
    case Dimension::bytes: {
      const auto parsed = parse_bytes(text);
      return with_unit(parsed, parsed ? static_cast<double>(*parsed) : 0, text, "a size", "64KiB");
    }
    case Dimension::ratio:
      if (const auto share = parse_share(text)) return *share;
      return without_unit(text, "a ratio");
    case Dimension::count:
      return without_unit(text, "a count");
    case Dimension::records:
      return without_unit(text, "a number of records");
  }
  return internal_error("unknown dimension");
}

Result<Limit> parse_limit(std::string_view raw, Dimension dimension) {
  std::string_view text = trimmed(raw);
  const auto comparison = take_comparison(text);
  if (!comparison) {
    return usage_error(fmt::format("'{}' must start with <, <=, > or >=", text));
  }
  auto value = parse_quantity(text, dimension);
  if (!value) return value.error();
  return Limit{*comparison, *value, dimension};
}

std::string format_quantity(double value, Dimension dimension) {
  const Scale scale = scale_for(value, dimension);
  return scaled_text(value, scale, dimension) + std::string(scale.unit);
}

std::string format_interval(double low, double high, double reference, Dimension dimension) {
  const Scale scale = scale_for(reference, dimension);
  return fmt::format("[{}, {}]", scaled_text(low, scale, dimension), scaled_text(high, scale, dimension));
}

}  // namespace tidegate::gates
