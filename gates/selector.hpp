#pragma once
// Which series of a metric a gate looks at: `{name in [pay, refund], flow != smoke, expected=any}`.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "record/series.hpp"

namespace tidegate::gates {

/// One condition on a tag. A series that does not carry the tag counts as carrying the empty text.
struct TagCondition {
  enum class Operator { one_of, pattern, prefix };
  std::string tag;
  Operator how = Operator::one_of;
  std::vector<std::string> values;  ///< of a pattern or a prefix: that text
  bool negated = false;
  struct Pattern;                          // a compiled regular expression
  std::shared_ptr<const Pattern> pattern;  ///< set by compile_pattern

  bool admits(std::string_view value) const;
};

/// Makes a condition of an ECMAScript regular expression that must match the whole value; false when it is not one.
bool compile_pattern(TagCondition& condition, const std::string& expression);

struct Selector {
  std::vector<TagCondition> conditions;  ///< all must hold
  /// `{expected=any}`: answers count by their time alone. Otherwise a failed one counts as over every limit.
  bool any_outcome = false;

  Selector() = default;
  /// Tags that must have these values.
  Selector(std::initializer_list<std::pair<std::string, std::string>> tags);
  void require(std::string tag, std::string value);

  bool matches(const record::SeriesKey& key) const;
  /// Whether any condition is on this tag.
  bool restricts(std::string_view tag) const;
  /// Whether a tag of this value fits.
  bool admits(std::string_view tag, std::string_view value) const;
};

}  // namespace tidegate::gates
