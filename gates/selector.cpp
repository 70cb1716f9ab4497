#include "gates/selector.hpp"

#include <algorithm>
#include <regex>

namespace tidegate::gates {

struct TagCondition::Pattern {
  std::regex expression;
};

bool TagCondition::admits(std::string_view value) const {
  bool fits = false;
  switch (how) {
    case Operator::one_of:
      fits = std::find(values.begin(), values.end(), value) != values.end();
      break;
    case Operator::pattern:
      fits = std::regex_match(value.begin(), value.end(), pattern->expression);
      break;
    case Operator::prefix:
      fits = value.starts_with(values.front());
      break;
  }
  return fits != negated;
}

bool compile_pattern(TagCondition& condition, const std::string& expression) {
  // Longer ones are mistakes; matching recurses, so their size is bounded.
  if (expression.size() > 256) return false;
  try {
    condition.pattern = std::make_shared<TagCondition::Pattern>(TagCondition::Pattern{std::regex(expression)});
  } catch (const std::regex_error&) {
    return false;
  }
  condition.how = TagCondition::Operator::pattern;
  condition.values = {expression};
  return true;
}

Selector::Selector(std::initializer_list<std::pair<std::string, std::string>> tags) {
  for (const auto& [tag, value] : tags) require(tag, value);
}

void Selector::require(std::string tag, std::string value) {
  TagCondition condition;
  condition.tag = std::move(tag);
  condition.values.push_back(std::move(value));
  conditions.push_back(std::move(condition));
}

bool Selector::matches(const record::SeriesKey& key) const {
  return std::all_of(conditions.begin(), conditions.end(), [&](const TagCondition& condition) {
    const std::string* value = key.tag(condition.tag);
    return condition.admits(value != nullptr ? std::string_view(*value) : std::string_view());
  });
}

bool Selector::restricts(std::string_view tag) const {
  return std::any_of(conditions.begin(), conditions.end(),
                     [&](const TagCondition& condition) { return condition.tag == tag; });
}

bool Selector::admits(std::string_view tag, std::string_view value) const {
  return std::all_of(conditions.begin(), conditions.end(),
                     [&](const TagCondition& condition) { return condition.tag != tag || condition.admits(value); });
}

}  // namespace tidegate::gates
