#pragma once
// Whether the run may be believed: was the generator the bottleneck, did a probe go silent, was anything tested at all.
// It can only withhold a PASS; it never excuses a FAIL.

#include "gates/evidence.hpp"
#include "gates/gate.hpp"
#include "record/verdict.hpp"

namespace tidegate::gates {

struct ValidityJudgement {
  record::Validity result;            ///< pass or inconclusive; its reasons also name every limit that was widened
  std::vector<std::string> withheld;  ///< why a PASS is withheld
};
ValidityJudgement judge_validity(const Evidence& evidence, const ValidityLimits& limits);

}  // namespace tidegate::gates
