#pragma once
// Percentile gates are shares: p99 < 500 ms says that at most 1 % of the samples are at or over 500 ms.

#include <string>
#include <string_view>

#include "gates/reading.hpp"

namespace tidegate::gates {

/// The metric that tells the same from the actual send; a metric that knows no intended start is its own best case.
std::string_view best_case_metric(std::string_view metric);

/// What one unit of a histogram's samples is in the unit of its gates: times are kept in microseconds and judged in
/// seconds, counts and bytes are what they are.
double sample_unit(Dimension dimension);

/// The smallest sample, in whole units of its histogram, that is not below the limit, or that is over it.
std::uint64_t first_over(const Limit& limit);

/// Samples that miss a limit of time, from all sides. Failed ones are always bad, unless `any_outcome`.
ShareEvidence over_limit(std::string_view metric, const Selector& selector, const Limit& limit,
                         const Evidence& evidence, const SecondSet& seconds);

Reading read_percentile(const Expression& expression, const Evidence& evidence, const SecondSet& seconds,
                        const DecisionRules& rules);

/// "11,987 samples, clustered: worth 5,210 independent ones": what the bounds rest on.
std::string basis(std::uint64_t samples, std::uint64_t failed, std::uint64_t missing, const DecisionRules& rules,
                  const Clustering& clustering);
/// "is over 500 ms", or "against < 500 ms: 12 samples, 299 needed".
std::string outcome_phrase(const Limit& limit, record::Outcome outcome, const std::string& doubt);

}  // namespace tidegate::gates
