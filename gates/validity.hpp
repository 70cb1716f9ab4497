#pragma once
// Whether the run may be believed: was the generator the bottleneck, did a probe go silent, was anything tested at all.
// It can only withhold a PASS; it never excuses a FAIL.

#include "gates/evidence.hpp"
#include "gates/gate.hpp"
#include "record/verdict.hpp"

namespace tidegate::gates {

/// The outcome is pass or inconclusive. Its reasons also name every limit that the scenario widened.
record::Validity judge_validity(const Evidence& evidence, const ValidityLimits& limits);

}  // namespace tidegate::gates
