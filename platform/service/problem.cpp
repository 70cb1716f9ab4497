#include "platform/service/problem.hpp"

#include "base/units.hpp"

namespace tidegate::platform {

http::Response problem(int status, std::string_view detail) {
  http::Response response;
  response.status = status;
  response.content_type = "application/problem+json";
  response.body = json::serialize(json::object{
      {"type", "about:blank"}, {"title", http::reason_phrase(status)}, {"status", status}, {"detail", detail}});
  return response;
}

http::Response json_response(int status, const json::value& body) {
  http::Response response;
  response.status = status;
  response.body = json::serialize(body);
  return response;
}

std::optional<std::string_view> bearer_token(const http::Request& request) {
  const auto value = request.header("authorization");
  constexpr std::string_view scheme = "Bearer ";
  if (!value || value->size() <= scheme.size()) return std::nullopt;
  if (!http::same_name(value->substr(0, scheme.size()), scheme)) return std::nullopt;
  return value->substr(scheme.size());
}

bool same_secret(std::string_view a, std::string_view b) noexcept {
  unsigned difference = a.size() == b.size() ? 0U : 1U;
  for (std::size_t i = 0; i < a.size() && !b.empty(); ++i) {
    difference |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i % b.size()]);
  }
  return difference == 0;
}

std::optional<std::int64_t> integer_parameter(const http::Request& request, std::string_view name,
                                              std::int64_t fallback, std::int64_t low, std::int64_t high) {
  const auto text = request.query_parameter(name);
  if (!text) return fallback;
  const auto number = parse_integer(*text);
  if (!number || *number < low || *number > high) return std::nullopt;
  return *number;
}

}  // namespace tidegate::platform
