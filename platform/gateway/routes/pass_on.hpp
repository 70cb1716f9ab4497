#pragma once
// Passing a client's request on to the service that owns the data (passed_on.cpp).

#include <optional>
#include <string>

#include "platform/gateway/routes/routes.hpp"

namespace tidegate::platform {

/// The request as the owner gets it: same method, path, query and body; of the client's headers only those that mean
/// something to the owner; the operator's token, by which services know each other; `Tidegate-Tenant`.
http::ClientRequest make_passed_request(const GatewayContext& context, const http::Request& request,
                                        const std::optional<Principal>& principal);
/// The owner's answer, or 503 when it gives none.
asio::awaitable<http::Response> pass_on(GatewayContext& context, std::string peer, http::ClientRequest request);

}  // namespace tidegate::platform
