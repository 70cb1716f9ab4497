#pragma once
// Whose request it is.

#include "base/http/message.hpp"
#include "platform/gateway/tenants.hpp"
#include "platform/service/problem.hpp"

namespace tidegate::platform {

/// Null: answer 401.
inline const ApiKey* authenticate(const TenantDirectory& tenants, const http::Request& request) {
  const auto token = bearer_token(request);
  return token ? tenants.authenticate(*token) : nullptr;
}

}  // namespace tidegate::platform
