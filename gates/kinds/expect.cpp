// expect: p99(response_time{name=create_payment}) < 500ms

#include <fmt/format.h>

#include "gates/abort_counters.hpp"
#include "gates/kinds/kinds.hpp"

namespace tidegate::gates {
namespace {

using record::Outcome;

class ExpectGate final : public Gate {
 public:
  ExpectGate(Expression expression, std::string text, std::optional<Expression> warning, DecisionRules rules)
      : expression_(std::move(expression)),
        text_(std::move(text)),
        warning_(std::move(warning)),
        rules_(std::move(rules)) {}

  record::GateResult judge(const Evidence& evidence, const Scope& scope) const override {
    Reading reading = read_expression(expression_, evidence, scope.seconds, rules_);
    if (reading.outcome == Outcome::pass) check_warning(evidence, scope.seconds, reading);
    record::GateResult result;
    result.outcome = reading.outcome;
    result.value = reading.value;
    result.limit = expression_.limit.value;
    result.comparison = to_string(expression_.limit.comparison);
    result.unit = unit_name(expression_.limit.dimension);
    result.interval = reading.interval;
    result.confidence = rules_.confidence.value_or(0);
    result.samples = reading.samples;
    result.reason = std::move(reading.reason);
    return result;
  }

  SampleNeed need() const override {
    SampleNeed need;
    need.text = text_;
    const bool of_load = expression_.measure.kind.series != record::SeriesKind::gauge && is_load_metric();
    if (!of_load) return need;
    need.metric = expression_.measure.metric;
    need.selector = expression_.measure.selector;
    const auto allowed = allowed_share(expression_);
    need.needed = allowed ? needed_samples(*allowed, rules_) : rules_.min_samples.value_or(1);
    return need;
  }

  AbortTerms abort_terms() const override {
    AbortTerms terms;
    const auto allowed = allowed_share(expression_);
    if (!allowed) return terms;
    const Measure& measure = expression_.measure;
    terms.allowed = *allowed;
    if (measure.aggregate == Aggregate::percentile) {
      terms.counter = count_over(measure.metric, measure.selector, expression_.limit);
    } else if (measure.aggregate == Aggregate::rate && wants_small(expression_.limit.comparison)) {
      terms.counter = count_failed(measure.selector);
    }
    return terms;
  }
  std::optional<double> confidence() const override { return rules_.confidence; }

  bool has_seconds() const override { return true; }
  SecondState second(const Evidence& evidence, std::int32_t at) const override {
    return second_state(expression_, evidence, at);
  }

 private:
  // A warning does not ask for certainty: its own value decides.
  void check_warning(const Evidence& evidence, const SecondSet& seconds, Reading& reading) const {
    if (!warning_) return;
    const DecisionRules value_alone{std::nullopt, 1};
    const Reading warned = read_expression(*warning_, evidence, seconds, value_alone);
    if (warned.outcome == Outcome::pass) return;
    reading.outcome = Outcome::warn;
    reading.reason += fmt::format("; warning: not {}", warning_->limit.text());
  }

  // Metrics of answers and arrivals, which exist only where load is planned.
  bool is_load_metric() const {
    const std::string& metric = expression_.measure.metric;
    return expression_.measure.kind.is_poll || metric == record::kHttpReqs || metric == record::kHttpReqFailed ||
           metric == record::kErrors || metric == record::kIterations ||
           (expression_.measure.kind.series == record::SeriesKind::histogram);
  }

  Expression expression_;
  std::string text_;
  std::optional<Expression> warning_;
  DecisionRules rules_;
};

schema::TypePointer expect_shape() {
  return schema::text("An aggregate of a metric against a limit: p99(response_time{name=create_payment}) < 500ms.");
}

// A share that no number of samples can prove.
bool is_provable(const Expression& expression, const yaml::Node& body, GateReader& reader) {
  const auto allowed = allowed_share(expression);
  if (!allowed || !reader.rules().confidence || (*allowed > 0 && *allowed < 1)) return true;
  reader.mistake(body,
                 "no number of samples can prove this share; count what must not happen, as in "
                 "count(http_req_failed) < 1, or set confidence: none");
  return false;
}

std::shared_ptr<const Gate> read_expect(const yaml::Node& body, GateReader& reader) {
  auto expression = reader.expression(body);
  std::optional<Expression> warning;
  const yaml::Node* warn = reader.gate().find("warn");
  if (warn != nullptr) warning = reader.expression(*warn);
  if (!expression || (warn != nullptr && !warning)) return nullptr;
  if (!is_provable(*expression, body, reader)) return nullptr;
  return std::make_shared<ExpectGate>(std::move(*expression), body.text(), std::move(warning), reader.rules());
}

}  // namespace

const GateKind& expect_kind() {
  static const GateKind kKind{"expect", "An aggregate of a metric against a limit.", true, &expect_shape, &read_expect};
  return kKind;
}

}  // namespace tidegate::gates
