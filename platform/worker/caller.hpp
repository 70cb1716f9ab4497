#pragma once
// The inside API: services call each other with the operator's token and say for which tenant.
//
//   Authorization: Bearer OPERATOR_TOKEN
//   Tidegate-Tenant: mer_000001
//   Idempotency-Key: ...            where the route creates or moves something

#include <string>

#include "base/http/message.hpp"
#include "base/json.hpp"
#include "base/result.hpp"

namespace tidegate::platform {

struct Caller {
  std::string tenant;
  std::string key;  ///< empty when the route needs none
};

enum class NeedsKey { no, yes };
/// The tenant that the caller speaks for; empty: an operator, for all of them.
Result<std::string> read_tenant_or_all(const http::Request& request);
/// The error is written for the client (400).
Result<Caller> read_caller(const http::Request& request, NeedsKey needs_key);
/// The body as a JSON object with no members but the named ones.
Result<json::object> read_body(const http::Request& request, std::initializer_list<std::string_view> members);
/// The header's value, empty when absent.
std::string_view header_of(const http::Request& request, std::string_view name);

}  // namespace tidegate::platform
