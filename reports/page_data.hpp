#pragma once
// Everything that the page shows, as one JSON object: a fold over the run directory.

#include "base/json.hpp"
#include "base/result.hpp"
#include "record/run.hpp"

namespace tidegate::reports {

/// The shape is declared for the page in reports/page/src/data.ts. Files that are missing or damaged become entries of
/// `notices`; only an unreadable run.json is an error.
Result<json::object> page_data(const record::RunDirectory& directory);

}  // namespace tidegate::reports
