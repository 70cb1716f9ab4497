#include "platform/worker/caller.hpp"

#include <algorithm>

#include "base/time.hpp"
#include "platform/service/wall_clock.hpp"

namespace tidegate::platform {
namespace {

constexpr std::size_t kLongestTenant = 64;
constexpr std::size_t kLongestKey = 255;

bool is_visible(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

}  // namespace

std::string_view header_of(const http::Request& request, std::string_view name) {
  return request.header(name).value_or("");
}

Result<Caller> read_caller(const http::Request& request, NeedsKey needs_key) {
  const std::string_view tenant = header_of(request, "Tidegate-Tenant");
  if (tenant.empty() || tenant.size() > kLongestTenant || !is_visible(tenant)) {
    return usage_error("This needs the header Tidegate-Tenant: the merchant for whom the call is made.");
  }
  const std::string_view key = header_of(request, "Idempotency-Key");
  if (needs_key == NeedsKey::yes && key.empty()) return usage_error("This needs the header Idempotency-Key.");
  if (key.size() > kLongestKey || !is_visible(key)) {
    return usage_error("The Idempotency-Key is 1 to 255 visible ASCII characters.");
  }
  return Caller{std::string(tenant), std::string(key)};
}

Result<std::string> read_tenant_or_all(const http::Request& request) {
  if (header_of(request, "Tidegate-Tenant").empty()) return std::string();
  const auto caller = read_caller(request, NeedsKey::no);
  if (!caller) return caller.error();
  return caller->tenant;
}

Result<json::object> read_body(const http::Request& request, std::initializer_list<std::string_view> members) {
  auto parsed = parse_json(request.body);
  if (!parsed) return usage_error("the body is not JSON: " + parsed.error().message);
  if (!parsed->is_object()) return usage_error("the body is not a JSON object");
  for (const auto& [key, value] : parsed->as_object()) {
    if (std::find(members.begin(), members.end(), std::string_view(key)) != members.end()) continue;
    std::string known;
    for (const std::string_view member : members) known.append(known.empty() ? "" : ", ").append(member);
    return usage_error("unknown member '" + std::string(key).substr(0, 40) + "'; known: " + known);
  }
  return std::move(parsed->as_object());
}

}  // namespace tidegate::platform
