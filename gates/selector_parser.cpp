// selector  = "{" [ condition { ("," | "and") condition } ] "}"
// condition = [ "not" ] tag ( "=" value | "!=" value | [ "not" ] "in" list | "=~" pattern | "!~" pattern | "^=" prefix
// ) list      = "[" value { "," value } "]", or the same in parentheses

#include <fmt/format.h>

#include <algorithm>

#include "base/units.hpp"
#include "gates/text_cursor.hpp"

namespace tidegate::gates {
namespace {

class SelectorParser {
 public:
  SelectorParser(TextCursor& cursor, const Vocabulary& vocabulary, Measure& measure)
      : cursor_(cursor), vocabulary_(vocabulary), measure_(measure) {}

  bool parse() {
    if (cursor_.take("}")) return true;
    do {
      if (!condition()) return false;
    } while (cursor_.take(",") || cursor_.take_word("and"));
    if (cursor_.take("}")) return true;
    return refuse(cursor_.at(), "expected ',' or '}'");
  }

 private:
  bool refuse(std::size_t offset, std::string message, std::string suggestion = {}) {
    cursor_.refuse(offset, std::move(message), std::move(suggestion));
    return false;
  }

  bool condition() {
    TagCondition condition;
    condition.negated = cursor_.take_word("not");
    condition.tag = cursor_.word();
    const std::size_t tag_at = cursor_.at() - condition.tag.size();
    const auto known = vocabulary_.tags_of(measure_.metric);
    if (std::find(known.begin(), known.end(), condition.tag) == known.end()) {
      return refuse(tag_at, fmt::format("metric '{}' has no tag '{}'", measure_.metric, condition.tag),
                    nearest_spelling(condition.tag, known));
    }
    cursor_.skip_spaces();
    const std::size_t operator_at = cursor_.at();
    if (cursor_.take("=~")) return pattern(std::move(condition));
    if (cursor_.take("!~")) return pattern(negated(std::move(condition)));
    if (cursor_.take("^=")) return prefix(std::move(condition));
    if (cursor_.take("!=")) return equal(negated(std::move(condition)), "!=");
    if (cursor_.take("=")) return equal(std::move(condition), "=");
    if (cursor_.take_word("not")) condition = negated(std::move(condition));
    if (cursor_.take_word("in")) return list(std::move(condition));
    return refuse(operator_at, fmt::format("expected '=', '!=', 'in', '=~' or '^=' after '{}'", condition.tag));
  }

  static TagCondition negated(TagCondition condition) {
    condition.negated = !condition.negated;
    return condition;
  }

  bool equal(TagCondition condition, std::string_view after) {
    std::size_t value_at = 0;
    const auto value = cursor_.value(value_at, after);
    if (!value) return false;
    condition.values = {*value};
    return known_value(condition.tag, *value, value_at) && add(std::move(condition), value_at);
  }

  bool list(TagCondition condition) {
    const bool square = cursor_.take("[");
    if (!square && !cursor_.take("(")) return refuse(cursor_.at(), "expected a list after 'in', such as [pay, refund]");
    const std::size_t list_at = cursor_.at();
    do {
      std::size_t value_at = 0;
      const auto value = cursor_.value(value_at, "in [");
      if (!value || !known_value(condition.tag, *value, value_at)) return false;
      condition.values.push_back(*value);
    } while (cursor_.take(","));
    if (!cursor_.take(square ? "]" : ")")) return refuse(cursor_.at(), "the list is not closed");
    return add(std::move(condition), list_at);
  }

  bool pattern(TagCondition condition) {
    std::size_t value_at = 0;
    const auto value = cursor_.value(value_at, "~");
    if (!value) return false;
    if (!compile_pattern(condition, *value)) {
      return refuse(value_at, fmt::format("'{}' is not a regular expression", *value));
    }
    return add(std::move(condition), value_at);
  }

  bool prefix(TagCondition condition) {
    std::size_t value_at = 0;
    const auto value = cursor_.value(value_at, "^=");
    if (!value) return false;
    condition.how = TagCondition::Operator::prefix;
    condition.values = {*value};
    return add(std::move(condition), value_at);
  }

  bool known_value(const std::string& tag, const std::string& value, std::size_t value_at) {
    const auto values = vocabulary_.values_of(measure_.metric, tag);
    if (!values || std::find(values->begin(), values->end(), value) != values->end()) return true;
    return refuse(value_at, fmt::format("no {} is called '{}'", tag == "name" ? "step" : tag, value),
                  nearest_spelling(value, *values));
  }

  // Written twice with "=", a tag could not have both values.
  bool is_repeated(const TagCondition& condition) const {
    const auto& conditions = measure_.selector.conditions;
    return !condition.negated && std::any_of(conditions.begin(), conditions.end(), [&](const TagCondition& other) {
      return other.tag == condition.tag && !other.negated && other.how == TagCondition::Operator::one_of &&
             condition.how == TagCondition::Operator::one_of;
    });
  }

  bool add(TagCondition condition, std::size_t value_at) {
    if (condition.tag == "expected") {
      if (condition.values == std::vector<std::string>{"any"} && !condition.negated) {
        measure_.selector.any_outcome = true;
        return true;
      }
      if (measure_.kind.series == record::SeriesKind::histogram) {
        // A selector that leaves failed answers out would let fast errors improve a percentile.
        return refuse(value_at,
                      "failed answers always count as over a limit of time; expected=any judges all answers by their "
                      "time");
      }
    }
    if (is_repeated(condition)) return refuse(value_at, fmt::format("tag '{}' is given twice", condition.tag));
    const std::string tag = condition.tag;
    measure_.selector.conditions.push_back(std::move(condition));
    // A selector that fits nothing would count nothing, and could pass.
    const auto values = vocabulary_.values_of(measure_.metric, tag);
    const auto fits = [&](const std::string& value) { return measure_.selector.admits(tag, value); };
    if (!values || std::any_of(values->begin(), values->end(), fits)) return true;
    return refuse(value_at,
                  fmt::format("no {} fits; there are {}", tag == "name" ? "step" : tag, fmt::join(*values, ", ")));
  }

  TextCursor& cursor_;
  const Vocabulary& vocabulary_;
  Measure& measure_;
};

}  // namespace

bool parse_selector(TextCursor& cursor, const Vocabulary& vocabulary, Measure& measure) {
  return SelectorParser(cursor, vocabulary, measure).parse();
}

}  // namespace tidegate::gates
