#pragma once
// The HTTP side of notification. Private to platform/notification.

#include "platform/notification/sender.hpp"
#include "platform/worker/role_database.hpp"

namespace tidegate::platform {

class EndpointRoutes {
 public:
  EndpointRoutes(ServiceRuntime& runtime, RoleDatabase& database, EndpointDirectory& endpoints, Sender& sender);

 private:
  asio::awaitable<http::Response> create(const http::Request& request);
  http::Response list(const http::Request& request);
  asio::awaitable<http::Response> remove(const http::Request& request, std::string id);
  asio::awaitable<http::Response> send_message(const http::Request& request);
  http::Response list_dead(const http::Request& request);
  asio::awaitable<http::Response> replay(const http::Request& request);
  http::Response change_limits(const http::Request& request);
  asio::awaitable<Result<Endpoint>> sink_of(std::string tenant, std::string url);

  RoleDatabase& database_;
  EndpointDirectory& endpoints_;
  Sender& sender_;
};

}  // namespace tidegate::platform
