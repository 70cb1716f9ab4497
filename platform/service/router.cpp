#include "platform/service/router.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "platform/service/problem.hpp"

namespace tidegate::platform {

void Router::add(std::string method, std::string pattern, RouteHandler handler) {
  Route route;
  route.method = std::move(method);
  route.pattern = std::move(pattern);
  route.handler = std::move(handler);
  insert(std::move(route));
}

void Router::add_immediate(std::string method, std::string pattern, ImmediateHandler handler) {
  Route route;
  route.method = std::move(method);
  route.pattern = std::move(pattern);
  route.immediate = std::move(handler);
  insert(std::move(route));
}

void Router::insert(Route route) {
  const auto open = route.pattern.find('{');
  if (open == std::string::npos) {
    route.before = route.pattern;
  } else {
    const auto close = route.pattern.find('}', open);
    TIDEGATE_ASSERT(close != std::string::npos);
    route.has_parameter = true;
    route.before = route.pattern.substr(0, open);
    route.after = route.pattern.substr(close + 1);
    route.takes_rest = close >= open + 4 && route.pattern.compare(close - 3, 3, "...") == 0;
  }
  const bool literal = !route.has_parameter;
  auto owned = std::make_unique<Route>(std::move(route));
  routes_.insert(literal ? routes_.begin() : routes_.end(), std::move(owned));
}

bool Router::matches(const Route& route, std::string_view path, std::string_view& parameter) {
  if (!route.has_parameter) return path == route.before;
  const std::size_t literal = route.before.size() + route.after.size();
  if (path.size() <= literal || path.substr(0, route.before.size()) != route.before) return false;
  if (path.substr(path.size() - route.after.size()) != route.after) return false;
  const std::string_view middle = path.substr(route.before.size(), path.size() - literal);
  if (!route.takes_rest && middle.find('/') != std::string_view::npos) return false;
  parameter = middle;
  return true;
}

Router::Route* Router::find(const http::Request& request, std::string_view& parameter, std::string& allowed) {
  for (const auto& route : routes_) {
    std::string_view candidate;
    if (!matches(*route, request.path, candidate)) continue;
    if (route->method == request.method) {
      parameter = candidate;
      return route.get();
    }
    if (!allowed.empty()) allowed += ", ";
    allowed += route->method;
  }
  return nullptr;
}

void Router::count(Route& route, int status) {
  auto found = std::find_if(route.by_status.begin(), route.by_status.end(),
                            [&](const auto& entry) { return entry.first == status; });
  if (found == route.by_status.end()) {
    Counter& counter =
        metrics_.counter("http_requests_total", "Requests answered, by route and status.",
                         {{"route", route.method + " " + route.pattern}, {"status", std::to_string(status)}});
    found = route.by_status.insert(route.by_status.end(), {status, &counter});
  }
  found->second->add();
}

void Router::otherwise(RouteHandler handler) {
  otherwise_ = std::make_unique<Route>();
  otherwise_->method = "any";
  otherwise_->pattern = "other paths";
  otherwise_->handler = std::move(handler);
}

std::vector<std::string> Router::routes() const {
  std::vector<std::string> names;
  for (const auto& route : routes_) names.push_back(route->method + " " + route->pattern);
  return names;
}

asio::awaitable<http::Response> Router::handle(const http::Request& request) {
  std::string_view parameter;
  std::string allowed;
  Route* route = find(request, parameter, allowed);
  if (route == nullptr && allowed.empty()) route = otherwise_.get();
  if (route == nullptr) {
    if (allowed.empty()) co_return problem(404, "There is nothing at this path.");
    http::Response refused = problem(405, "This path answers " + allowed + ".");
    refused.headers.emplace_back("Allow", allowed);
    co_return refused;
  }
  http::Response response;
  if (route->immediate) {
    response = route->immediate(request, parameter);
  } else {
    response = co_await route->handler(request, parameter);
  }
  count(*route, response.status);
  co_return response;
}

}  // namespace tidegate::platform
