#pragma once
// What the run directory knows of the operations that counterexamples name: the harness's own history and the lines of
// the system's exports, so that a finding opens one payment's life.

#include <vector>

#include "base/json.hpp"
#include "record/run.hpp"

namespace tidegate::reports {

/// Per finding, per counterexample: {"operations": [{t, event, kind, key, id, attempt, status, amount, currency}],
/// "exports": {NAME: [line, …]}}. Found by the identifiers inside the counterexample, and by those that the records
/// found so far call `id`, `key` or `payment`; a text that more than 40 records share identifies nothing. Files that
/// are missing or torn give what they hold.
json::array payment_lives(const record::RunDirectory& directory, const std::vector<record::AuditFinding>& findings,
                          std::size_t most_counterexamples);

}  // namespace tidegate::reports
