#include "loadgen/condition.hpp"

#include <array>
#include <compare>

#include "base/http/characters.hpp"
#include "base/units.hpp"
#include "loadgen/render.hpp"

namespace tidegate::loadgen {
namespace {

using Comparison = Condition::Comparison;

struct Sign {
  std::string_view text;
  Comparison comparison;
};
// Longer signs first.
constexpr std::array<Sign, 7> kSigns = {{{"==", Comparison::equal},
                                         {"!=", Comparison::unequal},
                                         {"<=", Comparison::less_or_equal},
                                         {">=", Comparison::greater_or_equal},
                                         {"<", Comparison::less},
                                         {">", Comparison::greater},
                                         {"~", Comparison::matches}}};

/// The first sign outside of slots, with spaces around it.
std::pair<std::size_t, const Sign*> find_sign(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i).starts_with("${")) {
      i += 1 + slot_length(text.substr(i + 2));
      continue;
    }
    if (text[i] != ' ') continue;
    for (const Sign& sign : kSigns) {
      if (text.substr(i + 1).starts_with(std::string(sign.text) + " ")) return {i + 1, &sign};
    }
  }
  return {text.size(), nullptr};
}

std::string text_of(const Template& source, const RenderScope& scope) {
  std::string text;
  if (!render(scope, source, text)) text.clear();
  return text;
}

bool is_set(const std::string& text) {
  return !text.empty() && text != "false" && text != "null" && text != "0";
}

std::partial_ordering compare(const std::string& left, const std::string& right) {
  const auto a = parse_number(left), b = parse_number(right);
  if (a && b) return *a <=> *b;
  return left <=> right;
}

}  // namespace

Condition compile_condition(std::string_view text, Names& names, const Mark& mark, Diagnostics& diagnostics) {
  Condition condition;
  const auto [place, sign] = find_sign(text);
  condition.left = compile_template(http::trimmed(text.substr(0, place)), Escape::none, names, mark, diagnostics);
  if (sign == nullptr) {
    if (condition.left.constant()) {
      diagnostics.add(mark,
                      "'" + std::string(text) +
                          "' is not a condition; write ${variable}, or compare: ${kind} == express (also !=, <, <=, "
                          ">, >=, and ~ for a regular expression)");
    }
    return condition;
  }
  condition.comparison = sign->comparison;
  const std::string_view right = http::trimmed(text.substr(place + sign->text.size()));
  if (sign->comparison != Comparison::matches) {
    condition.right = compile_template(right, Escape::none, names, mark, diagnostics);
    return condition;
  }
  auto pattern = Pattern::compile(std::string(right));
  if (!pattern) {
    diagnostics.add(mark, pattern.error().message);
  } else {
    condition.pattern = *pattern;
  }
  return condition;
}

bool holds(const Condition& condition, const RenderScope& scope) {
  const std::string left = text_of(condition.left, scope);
  switch (condition.comparison) {
    case Comparison::is_set:
      return is_set(left);
    case Comparison::equal:
      return compare(left, text_of(condition.right, scope)) == 0;
    case Comparison::unequal:
      return compare(left, text_of(condition.right, scope)) != 0;
    case Comparison::less:
      return compare(left, text_of(condition.right, scope)) < 0;
    case Comparison::less_or_equal:
      return compare(left, text_of(condition.right, scope)) <= 0;
    case Comparison::greater:
      return compare(left, text_of(condition.right, scope)) > 0;
    case Comparison::greater_or_equal:
      return compare(left, text_of(condition.right, scope)) >= 0;
    case Comparison::matches:
      return condition.pattern->found_in(left);
  }
  return false;
}

}  // namespace tidegate::loadgen
