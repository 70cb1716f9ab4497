#pragma once
// From method and path to the handler of a route.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/asio.hpp"
#include "base/http/message.hpp"
#include "platform/service/metrics.hpp"

namespace tidegate::platform {

/// `parameter` is the part of the path that the pattern's braces cover, raw; it and the request are valid until the
/// response is returned.
using RouteHandler = std::function<asio::awaitable<http::Response>(const http::Request&, std::string_view parameter)>;
/// For handlers that never wait.
using ImmediateHandler = std::function<http::Response(const http::Request&, std::string_view parameter)>;

/// Counts `http_requests_total{route,status}`. Not thread-safe: add routes before serving, serve on one thread.
/// Unknown paths get 404, known paths with another method 405 with Allow.
class Router {
 public:
  explicit Router(Metrics& metrics) : metrics_(metrics) {}

  /// Patterns: "/healthz", "/v1/payments/{id}" (one segment), "/v1/payments/{id}/capture", "/internal/outbox/{rest...}"
  /// (everything that follows). A literal path wins over a pattern.
  void add(std::string method, std::string pattern, RouteHandler handler);
  void add_immediate(std::string method, std::string pattern, ImmediateHandler handler);

  /// Takes every request whose path no route has: a proxy's.
  void otherwise(RouteHandler handler);

  /// "GET /healthz", ...
  std::vector<std::string> routes() const;

  asio::awaitable<http::Response> handle(const http::Request& request);

 private:
  struct Route {
    std::string method, pattern, before, after;  // the literal parts around the parameter
    bool has_parameter = false, takes_rest = false;
    RouteHandler handler;
    ImmediateHandler immediate;
    std::vector<std::pair<int, Counter*>> by_status;
  };
  void insert(Route route);
  static bool matches(const Route& route, std::string_view path, std::string_view& parameter);
  Route* find(const http::Request& request, std::string_view& parameter, std::string& allowed);
  void count(Route& route, int status);

  Metrics& metrics_;
  std::unique_ptr<Route> otherwise_;
  std::vector<std::unique_ptr<Route>> routes_;  // literal paths first
};

}  // namespace tidegate::platform
