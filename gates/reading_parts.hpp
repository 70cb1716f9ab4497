#pragma once
// The ways to read an expression, one file each; reading.cpp chooses. Not for use elsewhere.

#include "gates/reading.hpp"

namespace tidegate::gates {

/// rate(http_req_failed) and apdex: shares with bounds. (share_reading.cpp)
bool is_failure_share(const Measure& measure);
Reading read_failed_share(const Expression& expression, const Evidence& evidence, const SecondSet& seconds,
                          const DecisionRules& rules);
Reading read_apdex(const Expression& expression, const Evidence& evidence, const SecondSet& seconds,
                   const DecisionRules& rules);

/// Averages and extremes of times, counters, gauges: by their value. (value_reading.cpp)
Reading read_value(const Expression& expression, const Evidence& evidence, const SecondSet& seconds,
                   const DecisionRules& rules);

/// Two measures joined by an operator: by the value. (arithmetic_reading.cpp)
Reading read_arithmetic(const Expression& expression, const Evidence& evidence, const SecondSet& seconds,
                        const DecisionRules& rules);

/// The worst of all windows of `worst_of` seconds: a census. (sliding_reading.cpp)
Reading read_sliding(const Expression& expression, const Evidence& evidence, const SecondSet& seconds);

/// What a measure is on some data.
struct MeasureValue {
  std::optional<double> observed;  ///< none without samples, or when failed samples make it unbounded
  std::optional<double> best;      ///< timed from the actual send
  std::uint64_t samples = 0;
  std::uint64_t missing = 0;  ///< samples that the generator owes
  bool unbounded = false;     ///< failed samples lie in it
};
MeasureValue value_of(const Measure& measure, const Evidence& evidence, const SecondSet& seconds);

}  // namespace tidegate::gates
