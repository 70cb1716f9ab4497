#pragma once
// Just enough JSON Schema for the events' schemas: type, required, properties, items, minimum, minLength, maxLength.

#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"

namespace tidegate::platform {

/// Why the value does not fit, with the place; nothing when it does. Members that the schema does not name are faults
/// too: an event may not carry what no schema describes.
std::optional<std::string> misfit(const json::value& value, const json::object& schema, const std::string& at = "$");

/// Why readers of `before` could not read what `after` allows: removed or newly required members, other types,
/// other limits.
std::vector<std::string> incompatibilities(const json::object& before, const json::object& after,
                                           const std::string& at = "$");

}  // namespace tidegate::platform
