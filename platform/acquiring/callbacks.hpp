#pragma once
// What providers tell by themselves: `POST /v1/provider-callbacks/{acquirer}`. Repeated, late and in floods.

#include <string>
#include <string_view>

#include "platform/acquiring/charger.hpp"
#include "platform/worker/role_database.hpp"

namespace tidegate::platform {

/// {reference, status: approved|declined, auth_code?, reason?}. 401 for a forged signature, 400 for a malformed body,
/// 202 for news and repeats alike, 503 with Retry-After while more wait than the store can take.
class ProviderCallbacks {
 public:
  /// The secret is the operator's token, which both sides were started with.
  ProviderCallbacks(ServiceRuntime& runtime, RoleDatabase& database, Charger& charger);

 private:
  asio::awaitable<http::Response> receive(const http::Request& request);

  const std::string secret_;
  RoleDatabase& database_;
  Charger& charger_;
  Counter& resolved_;
  Counter& repeated_;
  Counter& forged_;
};

}  // namespace tidegate::platform
