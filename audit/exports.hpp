#pragma once
// Reading an export: pages of JSON, as of one point. {"items": […], "next": CURSOR or null, "as_of": POINT}.

#include <functional>
#include <string>

#include "audit/audit.hpp"
#include "base/json.hpp"
#include "base/result.hpp"

namespace tidegate::audit {

/// Calls visit per item, in the export's order. Each page is tried three times. Errors: no answer, a status that is not
/// 200, a page that is not of that shape, a cursor that does not move, the limit.
Result<void> read_export(const std::string& url, const std::string& token, Nanoseconds limit,
                         const std::function<Result<void>(const json::object&)>& visit);

}  // namespace tidegate::audit
