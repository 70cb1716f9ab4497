#pragma once
// The parts of verdict.json that other files of the run directory share.

#include <string>
#include <vector>

#include "record/json_fields.hpp"
#include "record/verdict.hpp"

namespace tidegate::record {

json::value to_json(const AuditFinding& finding);
AuditFinding read_finding(JsonFields& fields);

json::object scale_to_json(const std::vector<PhaseScale>& scale);
std::vector<PhaseScale> read_scale(JsonFields fields);

}  // namespace tidegate::record
