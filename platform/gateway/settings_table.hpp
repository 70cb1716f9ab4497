#pragma once
// What the operator has put, as JSON documents by name: feature-flags, rate-limits, capacity, routing-rules.

#include <optional>
#include <string_view>

#include "base/json.hpp"
#include "base/result.hpp"
#include "platform/store/store.hpp"

namespace tidegate::platform {

Result<void> write_setting(Connection& connection, std::string_view name, const json::value& document,
                           std::int64_t at_ms);
Result<std::optional<json::value>> read_setting(Connection& connection, std::string_view name);

}  // namespace tidegate::platform
