#include "gates/kinds/compare.hpp"

#include <fmt/format.h>

#include "base/units.hpp"
#include "gates/kinds/kinds.hpp"
#include "gates/reading_parts.hpp"

namespace tidegate::gates {
namespace {

using record::Outcome;

std::string percent(double share) {
  return format_quantity(share, Dimension::share);
}

}  // namespace

record::GateResult CompareGate::judge(const Evidence& evidence, const Scope& scope) const {
  const Baseline* baseline = evidence.baseline();
  if (baseline == nullptr) {
    record::GateResult result;
    result.outcome = Outcome::not_asked;
    result.confidence = 0;
    result.reason = "no baseline was given";
    return result;
  }
  const Regression one = regression(evidence, scope.seconds, *baseline, scope.during);
  return result(one, one.p, *baseline);
}

Regression CompareGate::regression(const Evidence& evidence, const SecondSet& seconds, const Baseline& baseline,
                                   const std::string& during) const {
  Regression nothing;
  if (!baseline.missing.empty()) {
    nothing.doubt = "no baseline: " + baseline.missing;
    return nothing;
  }
  const BaselineMetric* values = baseline.find(metric_, during);
  const auto value = value_of(measure_, evidence, seconds).observed;
  if (values == nullptr || values->values.empty() || !value) {
    nothing.doubt = value ? "the baseline has no value of it" : "the run has no value of it";
    return nothing;
  }
  RunSamples samples;
  samples.baseline = values->values;
  samples.candidate = {*value};
  samples.more_is_worse = more_is_worse_;
  samples.noise = noise_of(values->values);
  samples.noise_runs = values->values.size();
  return compare_samples(samples, level());
}

record::GateResult CompareGate::result(const Regression& regression, double corrected_p,
                                       const Baseline& baseline) const {
  record::GateResult result;
  result.limit = allow_;
  result.comparison = "<=";
  result.unit = unit_name(Dimension::share);
  result.confidence = level();
  result.samples = baseline.runs.size() + 1;
  result.outcome = regression_outcome(regression, corrected_p, allow_, level());
  if (!regression.effect) {
    result.reason = fmt::format("{} against the baseline: {}", metric_, regression.doubt);
    return result;
  }
  result.value = *regression.effect;
  result.interval = {regression.lower, regression.upper};
  const std::string change =
      fmt::format("{} is {} {} than the baseline", metric_, percent(std::abs(*regression.effect)),
                  *regression.effect >= 0 ? "worse" : "better");
  const std::string basis = fmt::format("{} to {}, p {:.2g}, {}", percent(regression.lower), percent(regression.upper),
                                        corrected_p, counted(baseline.runs.size(), "baseline run"));
  std::string judgement;
  if (result.outcome == Outcome::pass) {
    judgement = "within " + percent(allow_);
  } else if (result.outcome == Outcome::fail) {
    judgement = "over " + percent(std::max(allow_, regression.floor));
  } else {
    judgement = fmt::format("against {} the runs cannot tell", percent(allow_));
    if (regression.floor > allow_) judgement += fmt::format(" (noise floor {})", percent(regression.floor));
  }
  result.reason = fmt::format("{}, {} ({})", change, judgement, basis);
  if (!baseline.forced.empty()) result.reason += "; forced although " + baseline.forced;
  return result;
}

SampleNeed CompareGate::need() const {
  SampleNeed need;
  need.text = fmt::format("{} within {} of the baseline", metric_, percent(allow_));
  return need;
}

namespace {

schema::TypePointer compare_shape() {
  return schema::object(
      {
          schema::required("metric", schema::text(),
                           "An aggregate of a metric: p99(response_time{name=create_payment})."),
          schema::required("allow", schema::share(), "How much worse than the baseline it may be."),
      },
      "A comparison with baseline runs; not asked without them.");
}

std::shared_ptr<const Gate> read_compare(const yaml::Node& body, GateReader& reader) {
  const yaml::Node& metric = *body.find("metric");
  auto measure = reader.measure(metric);
  if (!measure) return nullptr;
  const double allow = schema::as_share(*body.find("allow"));
  if (allow <= 0) {
    reader.mistake(*body.find("allow"), "allow must be over 0%: no number of runs can prove that nothing changed");
    return nullptr;
  }
  return std::make_shared<CompareGate>(std::move(*measure), metric.text(), allow,
                                       more_is_worse(metric.text(), reader.context()), reader.rules());
}

}  // namespace

const GateKind& compare_kind() {
  static const GateKind kKind{"compare", "A comparison with baseline runs; not asked without them.", true,
                              &compare_shape, &read_compare};
  return kKind;
}

}  // namespace tidegate::gates
