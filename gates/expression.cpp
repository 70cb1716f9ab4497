#include "gates/expression.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/time.hpp"
#include "base/units.hpp"
#include "gates/text_cursor.hpp"

namespace tidegate::gates {
namespace {

class Parser {
 public:
  Parser(std::string_view text, const Vocabulary& vocabulary, std::vector<SyntaxMistake>& mistakes)
      : cursor_(text, mistakes), vocabulary_(vocabulary) {}

  std::optional<Expression> expression() {
    Expression result;
    if (cursor_.take_word("worst") && !sliding_window(result)) return std::nullopt;
    cursor_.skip_spaces();
    const std::size_t first_at = cursor_.at();
    auto parsed = measure();
    if (!parsed) return std::nullopt;
    result.measure = std::move(*parsed);
    Dimension dimension = result.measure.dimension;
    if (!arithmetic(result, dimension)) return std::nullopt;
    return limit(std::move(result), dimension, first_at);
  }

  std::optional<Measure> whole_measure() {
    auto parsed = measure();
    if (parsed && !cursor_.at_end()) {
      return cursor_.refuse(cursor_.at(), "nothing may follow the closing parenthesis here");
    }
    return parsed;
  }

 private:
  bool refuse(std::size_t offset, std::string message, std::string suggestion = {}) {
    cursor_.refuse(offset, std::move(message), std::move(suggestion));
    return false;
  }

  // `10s of`, after `worst`.
  bool sliding_window(Expression& result) {
    const std::string_view text = cursor_.word();
    const std::size_t text_at = cursor_.at() - text.size();
    const auto length = parse_duration(text);
    const bool whole = length && *length >= std::chrono::seconds(1) && *length <= std::chrono::hours(24) &&
                       *length % std::chrono::seconds(1) == Nanoseconds{0};
    if (!whole) {
      return refuse(text_at,
                    fmt::format("expected whole seconds after 'worst', as in worst 10s of p99(...), found '{}'", text));
    }
    result.worst_of = static_cast<std::int32_t>(*length / std::chrono::seconds(1));
    if (cursor_.take_word("of")) return true;
    cursor_.skip_spaces();
    return refuse(cursor_.at(), "expected 'of' after the length of the window");
  }

  bool arithmetic(Expression& result, Dimension& dimension) {
    cursor_.skip_spaces();
    const std::size_t operator_at = cursor_.at();
    Arithmetic with;
    if (cursor_.take("+")) {
      with.how = Arithmetic::Operator::plus;
    } else if (cursor_.take("-")) {
      with.how = Arithmetic::Operator::minus;
    } else if (cursor_.take("/")) {
      with.how = Arithmetic::Operator::over;
    } else if (cursor_.take("*")) {
      return refuse(operator_at, "two measures are joined by +, - or /");
    } else {
      return true;
    }
    auto other = measure();
    if (!other) return false;
    if (with.how == Arithmetic::Operator::over) {
      dimension = Dimension::ratio;
    } else if (other->dimension != dimension) {
      return refuse(operator_at, fmt::format("{} and {} cannot be added or subtracted", noun_of(dimension),
                                             noun_of(other->dimension)));
    }
    for (const Measure* one : {&result.measure, &*other}) {
      if (one->aggregate == Aggregate::apdex) return refuse(operator_at, "an apdex is compared with a limit alone");
    }
    with.other = std::move(*other);
    result.with = std::move(with);
    return true;
  }

  std::optional<Expression> limit(Expression result, Dimension dimension, std::size_t first_at) {
    cursor_.skip_spaces();
    std::string_view rest = cursor_.rest();
    const std::size_t before = rest.size();
    const auto comparison = take_comparison(rest);
    if (!comparison) return cursor_.refuse(cursor_.at(), "expected <, <=, > or >= and a limit, such as < 500ms");
    if (result.measure.aggregate == Aggregate::apdex && wants_small(*comparison)) {
      return cursor_.refuse(cursor_.at(), "an apdex is good when it is high: expected > or >=");
    }
    cursor_.advance(before - rest.size());
    cursor_.skip_spaces();
    const auto value = parse_quantity(cursor_.rest(), dimension);
    if (!value) return cursor_.refuse(cursor_.at(), value.error().message);
    if (result.measure.aggregate == Aggregate::apdex && (*value <= 0 || *value >= 1)) {
      return cursor_.refuse(cursor_.at(), "the limit of an apdex lies between 0 and 1, such as 0.9");
    }
    if (result.worst_of > 0 && result.with) {
      return cursor_.refuse(first_at, "a sliding window takes one measure");
    }
    result.limit = Limit{*comparison, *value, dimension};
    return result;
  }

  std::optional<Measure> measure() {
    Measure result;
    const std::string_view name = cursor_.word();
    const std::size_t name_at = cursor_.at() - name.size();
    bool open = false, alone = false;
    if (name == "p" && cursor_.take("(")) {
      open = true;
      if (!percentile_in_parentheses(result, alone)) return std::nullopt;
    } else if (!set_aggregate(result, name)) {
      return cursor_.refuse(name_at,
                            name.empty() ? "expected an aggregate such as p99, avg, max, rate or count"
                                         : fmt::format("unknown aggregate '{}'", name),
                            nearest_aggregate(name));
    }
    if (!open) open = cursor_.take("(");
    if (!open || alone) {
      if (result.aggregate == Aggregate::apdex) return cursor_.refuse(cursor_.at(), kApdexUsage);
      result.metric = record::kResponseTime;
      result.kind = *vocabulary_.metric(result.metric);
      return with_dimension(std::move(result), name_at);
    }
    if (!metric(result)) return std::nullopt;
    if (cursor_.take("{") && !parse_selector(cursor_, vocabulary_, result)) return std::nullopt;
    if (result.aggregate == Aggregate::apdex && !apdex_target(result)) return std::nullopt;
    if (!cursor_.take(")")) return cursor_.refuse(cursor_.at(), "expected ')'");
    return with_dimension(std::move(result), name_at);
  }

  // `99.5)` or `99.5,`
  bool percentile_in_parentheses(Measure& result, bool& alone) {
    const std::string_view number = cursor_.word();
    if (!set_percentile(result, number)) {
      return refuse(cursor_.at() - number.size(), fmt::format("'{}' is not a percentile between 0 and 100", number));
    }
    alone = cursor_.take(")");
    if (alone || cursor_.take(",")) return true;
    return refuse(cursor_.at(), "expected ', METRIC' after the percentile, as in p(99.5, response_time)");
  }

  bool apdex_target(Measure& result) {
    if (!cursor_.take(",")) return refuse(cursor_.at(), kApdexUsage);
    const std::string_view text = cursor_.word();
    const auto target = parse_duration(text);
    if (!target || *target <= Nanoseconds{0}) return refuse(cursor_.at() - text.size(), kApdexUsage);
    result.target_s = to_seconds(*target);
    return true;
  }

  static std::string nearest_aggregate(std::string_view name) {
    static const std::vector<std::string> kNames = {"p50", "p90", "p95",  "p99",   "p99.9", "avg",  "min",
                                                    "max", "med", "rate", "count", "value", "apdex"};
    return nearest_spelling(name, kNames);
  }

  static bool set_percentile(Measure& result, std::string_view number) {
    const auto percent = parse_number(number);
    if (!percent || *percent <= 0 || *percent >= 100) return false;
    result.aggregate = Aggregate::percentile;
    result.quantile = *percent / 100;
    result.label = "p" + std::string(number);
    return true;
  }

  static bool set_aggregate(Measure& result, std::string_view name) {
    static constexpr std::pair<std::string_view, Aggregate> kNames[] = {
        {"avg", Aggregate::average}, {"min", Aggregate::minimum}, {"max", Aggregate::maximum},
        {"rate", Aggregate::rate},   {"count", Aggregate::count}, {"value", Aggregate::last},
        {"apdex", Aggregate::apdex},
    };
    result.label = name;
    if (name == "med") {
      result.aggregate = Aggregate::percentile;
      result.quantile = 0.5;
      return true;
    }
    for (const auto& [spelling, aggregate] : kNames) {
      if (name == spelling) {
        result.aggregate = aggregate;
        return true;
      }
    }
    return name.size() > 1 && name.front() == 'p' && set_percentile(result, name.substr(1));
  }

  bool metric(Measure& result) {
    const std::string_view name = cursor_.word();
    const auto kind = vocabulary_.metric(name);
    if (!kind) {
      return refuse(cursor_.at() - name.size(),
                    name.empty() ? "expected a metric" : fmt::format("unknown metric '{}'", name),
                    nearest_spelling(name, vocabulary_.metric_names()));
    }
    result.metric = name;
    result.kind = *kind;
    return true;
  }

  std::optional<Measure> with_dimension(Measure result, std::size_t aggregate_at) {
    using record::SeriesKind;
    const bool counts = result.aggregate == Aggregate::rate || result.aggregate == Aggregate::count;
    const auto refused = [&](std::string_view what, std::string_view takes) {
      return cursor_.refuse(aggregate_at,
                            fmt::format("'{}' is {}; it takes {}, not {}", result.metric, what, takes, result.label));
    };
    switch (result.kind.series) {
      case SeriesKind::counter:
        if (!counts) return refused("a counter", "rate or count");
        break;
      case SeriesKind::gauge:
        if (counts || result.aggregate == Aggregate::apdex) {
          return refused("not a counter", "value, avg, min, max, med or a percentile");
        }
        break;
      case SeriesKind::histogram:
        if (counts || result.aggregate == Aggregate::last) {
          return refused("not a counter", "avg, min, max, med, a percentile or apdex");
        }
        if (result.aggregate == Aggregate::apdex && result.kind.dimension != Dimension::time) {
          return refused("not a time", "avg, min, max, med or a percentile");
        }
        break;
    }
    result.dimension = dimension_of(result);
    return result;
  }

  static Dimension dimension_of(const Measure& measure) {
    switch (measure.aggregate) {
      case Aggregate::rate:
        return measure.kind.is_failure_share ? Dimension::share : Dimension::rate;
      case Aggregate::count:
        return measure.kind.is_failure_share ? Dimension::count : measure.kind.dimension;
      case Aggregate::apdex:
        return Dimension::ratio;
      case Aggregate::percentile:
      case Aggregate::average:
      case Aggregate::minimum:
      case Aggregate::maximum:
      case Aggregate::last:
        break;
    }
    return measure.kind.dimension;
  }

  static constexpr const char* kApdexUsage = "an apdex names its target, as in apdex(response_time, 500ms) > 0.9";

  TextCursor cursor_;
  const Vocabulary& vocabulary_;
};

}  // namespace

std::optional<Expression> parse_expression(std::string_view text, const Vocabulary& vocabulary,
                                           std::vector<SyntaxMistake>& mistakes) {
  return Parser(text, vocabulary, mistakes).expression();
}

std::optional<Measure> parse_measure(std::string_view text, const Vocabulary& vocabulary,
                                     std::vector<SyntaxMistake>& mistakes) {
  return Parser(text, vocabulary, mistakes).whole_measure();
}

}  // namespace tidegate::gates
