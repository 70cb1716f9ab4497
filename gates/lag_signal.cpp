#include "gates/lag_signal.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "gates/lag_metrics.hpp"

namespace tidegate::gates {
namespace {

constexpr std::array<std::pair<std::string_view, LagMeasure>, 3> kNames = {{
    {"age", LagMeasure::age},
    {"read_age", LagMeasure::read_age},
    {"records", LagMeasure::records},
}};

}  // namespace

std::string_view metric_of(LagMeasure measure) {
  switch (measure) {
    case LagMeasure::age:
      return record::kLagAge;
    case LagMeasure::read_age:
      return record::kLagReadAge;
    case LagMeasure::records:
      return record::kLagRecords;
  }
  return {};
}

Selector whole_topics(const LagSignal& signal) {
  Selector selector = {{"group", signal.group}, {"partition", "all"}};
  if (!signal.topic.empty()) selector.require("topic", signal.topic);
  return selector;
}

std::optional<LagMeasure> lag_measure(std::string_view name) {
  for (const auto& [spelling, measure] : kNames) {
    if (spelling == name) return measure;
  }
  return std::nullopt;
}

std::string_view to_string(LagMeasure measure) {
  for (const auto& [spelling, known] : kNames) {
    if (known == measure) return spelling;
  }
  return {};
}

// An age grows by one second a second at most. Between two samples it can have been no older than the first and the
// time since, up to two seconds; had the group been set back meanwhile, the second would show it.
LagSignal::Second LagSignal::at(const Evidence& evidence, std::int32_t second) const {
  constexpr double kMostGrowth = 2;
  const Second now = measured(evidence, second);
  if (now.value || now.undefined || measure != LagMeasure::age) return now;
  const Second before = measured(evidence, second - 1), after = measured(evidence, second + 1);
  if (!before.value || !after.value || before.undefined || after.undefined) return now;
  const double most = *before.value + kMostGrowth;
  if (*after.value > most + 1) return now;
  return {most, false, true};
}

LagSignal::Second LagSignal::measured(const Evidence& evidence, std::int32_t second) const {
  const Selector selector = whole_topics(*this);
  const SecondSet seconds(second, second + 1);
  Second result;
  for (const GaugePoint& point : evidence.gauges(metric_of(measure), selector, seconds)) {
    if (!std::isfinite(point.value)) return {};
    const double so_far = result.value.value_or(0);
    result.value = measure == LagMeasure::records ? so_far + point.value : std::max(so_far, point.value);
  }
  for (const GaugePoint& point : evidence.gauges(kLagUndefinedPartitions, selector, seconds)) {
    if (point.value != 0) result.undefined = true;
  }
  // Drained means that nothing lags, and no load comes after it.
  const auto drained = evidence.drained_at();
  if (!result.value && !result.undefined && drained && second >= *drained) result.value = 0;
  return result;
}

SecondState LagSignal::state(const Second& now, const Limit& limit) {
  if (!now.value) return SecondState::unknown;
  const bool within = limit.holds(*now.value);
  if (now.bounded) return within && wants_small(limit.comparison) ? SecondState::holds : SecondState::unknown;
  if (!now.undefined) return within ? SecondState::holds : SecondState::fails;
  // The value is a floor: what is known of it can break an upper limit, not hold it.
  return !within && wants_small(limit.comparison) ? SecondState::fails : SecondState::unknown;
}

}  // namespace tidegate::gates
