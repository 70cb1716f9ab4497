#pragma once
// The description of the HTTP API, OpenAPI 3.1 (https://spec.openapis.org/oas/v3.1.0): platform/gateway/openapi.json.

#include <string_view>

namespace tidegate::platform {

std::string_view openapi_document() noexcept;

}  // namespace tidegate::platform
