#include "gates/baseline.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "gates/evidence.hpp"
#include "gates/expression.hpp"
#include "gates/fault_judgement.hpp"
#include "gates/gate_kind.hpp"
#include "gates/kinds/compare.hpp"
#include "gates/reading_parts.hpp"
#include "gates/window.hpp"
#include "record/json_fields.hpp"

namespace tidegate::gates {
namespace {

constexpr std::string_view kSchema = "tidegate.baseline/1";

std::optional<Measure> measure_of(const std::string& text, const GateContext& context) {
  std::vector<SyntaxMistake> mistakes;
  return parse_measure(text, Vocabulary(context), mistakes);
}

}  // namespace

const BaselineMetric* Baseline::find(std::string_view metric, std::string_view during) const {
  const auto found = std::find_if(metrics.begin(), metrics.end(), [&](const BaselineMetric& one) {
    return one.metric == metric && one.during == during;
  });
  return found == metrics.end() ? nullptr : &*found;
}

json::value to_json(const Baseline& baseline) {
  json::array metrics;
  for (const BaselineMetric& one : baseline.metrics) {
    json::array values;
    for (const double value : one.values) values.push_back(value);
    metrics.push_back(json::object{{"metric", one.metric}, {"during", one.during}, {"values", std::move(values)}});
  }
  return json::object{
      {"schema", kSchema},           {"source", baseline.source}, {"runs", record::to_json_array(baseline.runs)},
      {"missing", baseline.missing}, {"forced", baseline.forced}, {"metrics", std::move(metrics)}};
}

Result<Baseline> baseline_from_json(const json::value& value) {
  std::optional<Error> error;
  record::JsonFields fields(value, "baseline.json", error);
  Baseline baseline;
  std::string schema;
  fields.read("schema", schema);
  fields.read("source", baseline.source);
  fields.read("runs", baseline.runs);
  fields.read("missing", baseline.missing);
  fields.read("forced", baseline.forced);
  fields.read_list<BaselineMetric>("metrics", baseline.metrics, [](record::JsonFields& one) {
    BaselineMetric metric;
    json::array values;
    one.read("metric", metric.metric);
    one.read("during", metric.during);
    one.read("values", values);
    for (const json::value& number : values) {
      if (number.is_number()) {
        metric.values.push_back(number.to_number<double>());
      } else {
        one.wrong("values", "numbers");
      }
    }
    return metric;
  });
  if (!error && schema != kSchema)
    error = usage_error(fmt::format("baseline.json: its schema is '{}', expected '{}'", schema, kSchema));
  if (error) return *error;
  return baseline;
}

std::vector<ComparedMeasure> compared_by(const GateSet& gates) {
  std::vector<ComparedMeasure> measures;
  for (const GateEntry& entry : gates.entries) {
    const CompareGate* compare = entry.gate->as_compare();
    if (compare == nullptr) continue;
    for (const WindowReference& window : entry.windows) {
      measures.push_back({entry.name, compare->metric(), window.text(), compare->allow()});
    }
  }
  return measures;
}

std::vector<ComparedMeasure> usual_measures(const GateContext& context, double allow) {
  std::vector<ComparedMeasure> measures;
  const auto add = [&](std::string metric) { measures.push_back({metric, metric, "", allow}); };
  for (const std::string& step : Vocabulary(context).request_steps()) {
    add(fmt::format("p50(response_time{{name=\"{}\"}})", step));
    add(fmt::format("p99(response_time{{name=\"{}\"}})", step));
  }
  for (const std::string& poll : context.poll_metrics) add(fmt::format("p99({})", poll));
  add("rate(iterations{outcome=ok})");
  add("rate(http_req_failed)");
  return measures;
}

std::optional<double> measured(const ComparedMeasure& measure, const MeasuredRun& run, const GateContext& context,
                               const GateSet& gates) {
  const auto parsed = measure_of(measure.metric, context);
  if (!parsed) return std::nullopt;
  const std::optional<std::vector<record::AuditFinding>> no_findings;
  const Evidence evidence(run.info, run.series, run.events, no_findings);
  SecondSet seconds = evidence.judged();
  if (!measure.during.empty()) {
    WindowReference reference;
    if (measure.during.find("..") != std::string::npos) {
      auto window = custom_window(measure.during, run.info.phases);
      if (!window) return std::nullopt;
      reference = *window;
    } else {
      const auto window = window_reference(measure.during);
      if (!window) return std::nullopt;
      reference = *window;
    }
    const Windows windows(run.info.phases, evidence.spans(), steady_times(evidence, gates));
    seconds = windows.resolve(reference).seconds;
  }
  if (seconds.empty()) return std::nullopt;
  return value_of(*parsed, evidence, seconds).observed;
}

bool more_is_worse(const std::string& metric, const GateContext& context) {
  const auto parsed = measure_of(metric, context);
  if (!parsed) return true;
  const bool work = parsed->metric == record::kIterations || parsed->metric == record::kHttpReqs;
  // Iterations that failed are no work done.
  return !work || !parsed->selector.admits("outcome", "ok") || !parsed->selector.admits("expected", "true");
}

}  // namespace tidegate::gates
