#pragma once
// Expressions over metrics: `p99(response_time{name=create_payment}) < 500ms`.
//
//   expression = [ "worst" duration "of" ] measure [ ( "+" | "-" | "/" ) measure ] comparison quantity
//   measure    = aggregate [ "(" metric [ selector ] ")" ] | "apdex(" metric [ selector ] "," duration ")"
//   aggregate  = p50 | p90 | p95 | p99 | p99.9 | any p with a number | p(number [, metric...]) | avg | min | max |
//                med | rate | count | value
//   selector   : selector_parser.cpp
// Without a metric, response_time is meant: `p99 < 300ms`.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gates/quantity.hpp"
#include "gates/selector.hpp"
#include "gates/vocabulary.hpp"

namespace tidegate::gates {

enum class Aggregate { percentile, average, minimum, maximum, rate, count, last, apdex };

/// An aggregate of one metric, without a limit.
struct Measure {
  Aggregate aggregate = Aggregate::percentile;
  double quantile = 0;  ///< of a percentile, in (0, 1)
  double target_s = 0;  ///< of an apdex: satisfied up to it, tolerating up to four times of it
  std::string metric;
  MetricKind kind;
  Selector selector;
  std::string label;                      ///< "p99", "avg"
  Dimension dimension = Dimension::time;  ///< of the result
};

/// `rate(errors) / rate(http_reqs)`: what is done with a second measure.
struct Arithmetic {
  enum class Operator { plus, minus, over };
  Operator how = Operator::over;
  Measure other;
};

struct Expression {
  Measure measure;
  Limit limit;
  std::optional<Arithmetic> with{};  ///< a census: judged by its value
  std::int32_t worst_of = 0;         ///< seconds of the sliding window whose worst one is judged; 0: the whole window
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
