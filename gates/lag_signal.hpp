#pragma once
// The lag of one consumer group, second by second, as the lag probe recorded it.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gates/evidence.hpp"
#include "gates/quantity.hpp"
#include "gates/reading.hpp"

namespace tidegate::gates {

enum class LagMeasure { age, read_age, records };
std::optional<LagMeasure> lag_measure(std::string_view name);
std::string_view to_string(LagMeasure measure);
inline Dimension dimension_of(LagMeasure measure) {
  return measure == LagMeasure::records ? Dimension::records : Dimension::time;
}

/// The series that the probe writes for it.
std::string_view metric_of(LagMeasure measure);

struct LagSignal {
  std::string group;
  std::string topic;  ///< empty: the worst of the group's topics
  LagMeasure measure = LagMeasure::age;

  struct Second {
    std::optional<double> value;  ///< the worst partition's age, or the sum of records; none without a sample
    bool undefined = false;       ///< a partition holds records that the group never committed: the value is a floor
    bool bounded = false;         ///< of a second between two samples: the most that the age can have been
  };
  /// What was measured; for an age, also what the samples on both sides say of a single second without one.
  Second at(const Evidence& evidence, std::int32_t second) const;
  static SecondState state(const Second& now, const Limit& limit);
  SecondState state(const Evidence& evidence, const Limit& limit, std::int32_t second) const {
    return state(at(evidence, second), limit);
  }

 private:
  Second measured(const Evidence& evidence, std::int32_t second) const;
};

/// The series of the group's topics as a whole.
Selector whole_topics(const LagSignal& signal);

}  // namespace tidegate::gates
