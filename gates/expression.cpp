#include "gates/expression.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/units.hpp"

namespace tidegate::gates {
namespace {

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == '-' || c == ':' || c == '/';
}

/// Reads from left to right; after the first mistake nothing more is read.
class Parser {
 public:
  Parser(std::string_view text, const Vocabulary& vocabulary, std::vector<SyntaxMistake>& mistakes)
      : text_(text), vocabulary_(vocabulary), mistakes_(mistakes) {}

  std::optional<Expression> expression() {
    auto parsed = measure();
    if (!parsed) return std::nullopt;
    skip_spaces();
    std::string_view rest = text_.substr(at_);
    const std::size_t before = rest.size();
    const auto comparison = take_comparison(rest);
    if (!comparison) return refuse(at_, "expected <, <=, > or >= and a limit, such as < 500ms");
    at_ += before - rest.size();
    skip_spaces();
    const auto value = parse_quantity(rest, parsed->dimension);
    if (!value) return refuse(at_, value.error().message);
    return Expression{*parsed, Limit{*comparison, *value, parsed->dimension}};
  }

  std::optional<Measure> whole_measure() {
    auto parsed = measure();
    skip_spaces();
    if (parsed && at_ < text_.size()) return refuse(at_, "nothing may follow the closing parenthesis here");
    return parsed;
  }

 private:
  std::nullopt_t refuse(std::size_t offset, std::string message, std::string suggestion = {}) {
    mistakes_.push_back({offset, std::move(message), std::move(suggestion)});
    return std::nullopt;
  }

  void skip_spaces() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
  }

  bool take(char c) {
    skip_spaces();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  std::string_view word() {
    skip_spaces();
    const std::size_t start = at_;
    while (at_ < text_.size() && is_word(text_[at_])) ++at_;
    return text_.substr(start, at_ - start);
  }

  std::optional<Measure> measure() {
    Measure result;
    const std::string_view name = word();
    const std::size_t name_at = at_ - name.size();
    bool open = false;
    if (name == "p" && take('(')) {
      open = true;
      const std::string_view number = word();
      if (!set_percentile(result, number)) return refuse(at_ - number.size(), percentile_message(number));
      if (!take(',')) return refuse(at_, "expected ', METRIC' after the percentile, as in p(99.5, response_time)");
    } else if (!set_aggregate(result, name)) {
      return refuse(
          name_at,
          name.empty() ? "expected an aggregate, such as p99 or rate" : fmt::format("unknown aggregate '{}'", name),
          nearest_aggregate(name));
    } else {
      open = take('(');
    }
    if (!open) {
      result.metric = record::kResponseTime;
      result.kind = *vocabulary_.metric(result.metric);
      return with_dimension(std::move(result), name_at);
    }
    if (!metric(result)) return std::nullopt;
    if (take('{') && !selector(result)) return std::nullopt;
    if (!take(')')) return refuse(at_, "expected ')'");
    return with_dimension(std::move(result), name_at);
  }

  static std::string nearest_aggregate(std::string_view name) {
    static const std::vector<std::string> kNames = {"p50", "p90", "p95", "p99",  "p99.9", "avg",
                                                    "min", "max", "med", "rate", "count"};
    return nearest_spelling(name, kNames);
  }

  static std::string percentile_message(std::string_view number) {
    return fmt::format("'{}' is not a percentile between 0 and 100", number);
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
        {"rate", Aggregate::rate},   {"count", Aggregate::count},
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
    const std::string_view name = word();
    const auto kind = vocabulary_.metric(name);
    if (!kind) {
      refuse(at_ - name.size(), name.empty() ? "expected a metric" : fmt::format("unknown metric '{}'", name),
             nearest_spelling(name, vocabulary_.metric_names()));
      return false;
    }
    result.metric = name;
    result.kind = *kind;
    return true;
  }

  bool selector(Measure& result) {
    if (take('}')) return true;
    do {
      if (!tag(result)) return false;
    } while (take(','));
    if (take('}')) return true;
    refuse(at_, "expected ',' or '}'");
    return false;
  }

  bool tag(Measure& result) {
    const std::string_view key = word();
    const std::size_t key_at = at_ - key.size();
    const auto known = vocabulary_.tags_of(result.metric);
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      refuse(key_at, fmt::format("metric '{}' has no tag '{}'", result.metric, key), nearest_spelling(key, known));
      return false;
    }
    if (!take('=')) {
      refuse(at_, fmt::format("expected '=' after '{}'", key));
      return false;
    }
    std::size_t value_at = 0;
    const auto value = tag_value(value_at);
    if (!value) return false;
    const auto values = vocabulary_.values_of(result.metric, key);
    if (values && std::find(values->begin(), values->end(), *value) == values->end()) {
      refuse(value_at, fmt::format("no {} is called '{}'", key == "name" ? "step" : key, *value),
             nearest_spelling(*value, *values));
      return false;
    }
    return add_tag(result, std::string(key), *value, value_at);
  }

  std::optional<std::string> tag_value(std::size_t& value_at) {
    skip_spaces();
    value_at = at_;
    if (at_ < text_.size() && (text_[at_] == '"' || text_[at_] == '\'')) {
      const std::size_t end = text_.find(text_[at_], at_ + 1);
      if (end == std::string_view::npos) return refuse(at_, "the quote is not closed");
      std::string value(text_.substr(at_ + 1, end - at_ - 1));
      at_ = end + 1;
      return value;
    }
    const std::string_view value = word();
    if (value.empty()) return refuse(at_, "expected a value after '='");
    return std::string(value);
  }

  bool add_tag(Measure& result, std::string key, std::string value, std::size_t value_at) {
    if (key == "expected" && value == "any") {
      result.selector.any_outcome = true;
      return true;
    }
    if (key == "expected" && result.kind.series == record::SeriesKind::histogram) {
      // A selector that leaves failed answers out would let fast errors improve a percentile.
      refuse(value_at,
             "failed answers always count as over a limit of time; expected=any judges all answers by their time");
      return false;
    }
    if (result.selector.wanted(key) != nullptr) {
      refuse(value_at, fmt::format("tag '{}' is given twice", key));
      return false;
    }
    result.selector.tags.emplace_back(std::move(key), std::move(value));
    return true;
  }

  std::optional<Measure> with_dimension(Measure result, std::size_t aggregate_at) {
    const bool counter = result.kind.series == record::SeriesKind::counter;
    const bool counts = result.aggregate == Aggregate::rate || result.aggregate == Aggregate::count;
    if (counter && !counts) {
      return refuse(aggregate_at,
                    fmt::format("'{}' is a counter; it takes rate or count, not {}", result.metric, result.label));
    }
    if (!counter && counts) {
      return refuse(aggregate_at,
                    fmt::format("'{}' is not a counter; it takes avg, min, max, med or a percentile, not {}",
                                result.metric, result.label));
    }
    if (result.aggregate == Aggregate::rate) {
      result.dimension = result.kind.is_failure_share ? Dimension::share : Dimension::rate;
    } else if (result.aggregate == Aggregate::count) {
      result.dimension = counter && !result.kind.is_failure_share ? result.kind.dimension : Dimension::count;
    } else {
      result.dimension = result.kind.dimension;
    }
    return result;
  }

  std::string_view text_;
  const Vocabulary& vocabulary_;
  std::vector<SyntaxMistake>& mistakes_;
  std::size_t at_ = 0;
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
