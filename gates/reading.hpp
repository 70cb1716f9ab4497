#pragma once
// What a run says about one measure in some seconds, judged against a limit, with the sentence that explains it.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "gates/decision.hpp"
#include "gates/evidence.hpp"
#include "gates/expression.hpp"

namespace tidegate::gates {

/// A judged expression.
struct Reading {
  record::Outcome outcome = record::Outcome::inconclusive;
  std::optional<double> value;  ///< none when there are no samples, or the percentile is a failed sample
  std::optional<std::pair<double, double>> interval;
  std::uint64_t samples = 0;
  std::string reason;  ///< "p99 612 ms [598, 631] is over 500 ms (11,987 samples; clustering not estimated)"
};
Reading read_expression(const Expression& expression, const Evidence& evidence, const SecondSet& seconds,
                        const DecisionRules& rules);

/// The state of a signal in one second, by its value alone.
enum class SecondState { holds, fails, unknown };
SecondState second_state(const Expression& expression, const Evidence& evidence, std::int32_t second);

/// The share of bad samples that the expression allows; none when it is not judged as a share.
std::optional<double> allowed_share(const Expression& expression);

}  // namespace tidegate::gates
