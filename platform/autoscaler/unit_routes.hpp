#pragma once
// What a role serves, served over all its units: one of them answers what is about one payment or one stream, all of
// them together what is about the role.

#include <string>
#include <vector>

#include "platform/autoscaler/fleet.hpp"
#include "platform/service/runtime.hpp"

namespace tidegate::platform {

/// `GET /internal/outbox/...`, `GET /v1/consumers/ROLE/applied`, `GET /v1/attempts/export`,
/// `POST /v1/provider-callbacks/{acquirer}`. While a unit moves, what needs it gets 503 with Retry-After.
class UnitRoutes {
 public:
  UnitRoutes(ServiceRuntime& runtime, Fleet& fleet, std::string role);

 private:
  asio::awaitable<http::Response> outbox(std::string rest, std::string query);
  asio::awaitable<http::Response> heads(std::string producer_and_topic);
  asio::awaitable<http::Response> applied();
  asio::awaitable<http::Response> attempts(const http::Request& request);
  asio::awaitable<http::Response> callback(const http::Request& request);
  asio::awaitable<std::optional<http::Response>> ask(int unit, http::ClientRequest request);
  asio::awaitable<std::optional<json::object>> get(int unit, std::string target);
  asio::awaitable<std::optional<std::vector<std::int64_t>>> points();

  ServiceRuntime& runtime_;
  Fleet& fleet_;
  const std::string role_;
};

}  // namespace tidegate::platform
