#pragma once
// Where a request goes and what is changed in it. Pure: no I/O, no clock.

#include <string>
#include <string_view>

#include "base/http/client.hpp"
#include "base/http/message.hpp"
#include "platform/edge/settings.hpp"

namespace tidegate::platform {

struct Choice {
  std::string upstream;
  bool canary = false;  ///< it is the candidate
  bool shadow = false;  ///< the candidate gets a copy
};

/// Strangler rules first, the longest path wins; then the canary's share. The same Idempotency-Key (without one: the
/// same credentials and path) always goes the same way, so that a repeat meets its original.
Choice choose_upstream(const EdgeSettings& settings, const http::Request& request);

/// What is sent on: the request without the headers of its connection (RFC 9110, 7.6.1), changed by every transform
/// whose path fits. A body that is no JSON object is left alone.
http::ClientRequest make_upstream_request(const EdgeSettings& settings, const http::Request& request);

/// May be sent again although an earlier try may have arrived: the method says so, or the Idempotency-Key does.
bool is_repeatable(const http::Request& request);

}  // namespace tidegate::platform
