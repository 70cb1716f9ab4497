#pragma once
// The JSON object that a client sends as a body.

#include <string_view>

#include "base/json.hpp"
#include "base/result.hpp"

namespace tidegate::platform {

/// One JSON object, the whole body. A member that is given twice, at any depth, is an error: two readers could take
/// either of them. The error is written for the client.
Result<json::object> parse_json_object(std::string_view body);

}  // namespace tidegate::platform
