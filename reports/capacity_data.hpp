#pragma once
// The capacity searches of a run as the page shows them, from its event log.

#include "base/json.hpp"
#include "record/events.hpp"

namespace tidegate::reports {

/// One object per search, in the order in which they began: `block`, `steps` (as events.ndjson has them, in the order
/// of their rates), and `found`, null while the search goes on.
json::array capacity_searches(const record::EventLog& log);

/// "1,250/s held, 1,310/s broke": the fields of a `capacity_found` event in words.
std::string capacity_answer(const json::object& fields);

}  // namespace tidegate::reports
