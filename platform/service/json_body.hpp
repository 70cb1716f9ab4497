#pragma once
// The JSON object that a client sends as a body.

#include <span>
#include <string_view>

#include "base/json.hpp"
#include "base/result.hpp"

namespace tidegate::platform {

/// One JSON object, the whole body. A member that is given twice, at any depth, is an error: two readers could take
/// either of them. The error is written for the client.
Result<json::object> parse_json_object(std::string_view body);
/// That the object has no member but the known ones, some of which it may lack. The error, written for the client, has
/// the nearest of them.
Result<void> check_members(const json::object& object, std::span<const std::string_view> known);

}  // namespace tidegate::platform
