#pragma once
// Expressions over metrics: `p99(response_time{name=create_payment}) < 500ms`.
//
//   expression = measure comparison quantity
//   measure    = aggregate [ "(" metric [ "{" tag "=" value { "," tag "=" value } "}" ] ")" ]
//   aggregate  = p50 | p90 | p95 | p99 | p99.9 | any p with a number | p(number, metric...) | avg | min | max | med |
//                rate | count
// Without a metric, response_time is meant: `p99 < 300ms`.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gates/quantity.hpp"
#include "gates/selector.hpp"
#include "gates/vocabulary.hpp"

namespace tidegate::gates {

enum class Aggregate { percentile, average, minimum, maximum, rate, count };

/// An aggregate of one metric, without a limit.
struct Measure {
  Aggregate aggregate = Aggregate::percentile;
  double quantile = 0;  ///< of a percentile, in (0, 1)
  std::string metric;
  MetricKind kind;
  Selector selector;
  std::string label;                      ///< "p99", "avg"
  Dimension dimension = Dimension::time;  ///< of the result
};

struct Expression {
  Measure measure;
  Limit limit;
};

/// A mistake at a place in the text, counted in characters from 0.
struct SyntaxMistake {
  std::size_t offset = 0;
  std::string message;
  std::string suggestion;
};

/// All of the text must be an expression. Mistakes are added; then there is no value.
std::optional<Expression> parse_expression(std::string_view text, const Vocabulary& vocabulary,
                                           std::vector<SyntaxMistake>& mistakes);
std::optional<Measure> parse_measure(std::string_view text, const Vocabulary& vocabulary,
                                     std::vector<SyntaxMistake>& mistakes);

}  // namespace tidegate::gates
