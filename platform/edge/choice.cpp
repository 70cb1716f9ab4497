#include "platform/edge/choice.hpp"

#include <algorithm>
#include <array>

#include "base/random.hpp"

namespace tidegate::platform {
namespace {

constexpr std::array<std::string_view, 9> kOfTheConnection{"connection", "keep-alive",     "proxy-connection",
                                                           "te",         "trailer",        "transfer-encoding",
                                                           "upgrade",    "content-length", "expect"};

bool of_the_connection(std::string_view name) {
  return std::any_of(kOfTheConnection.begin(), kOfTheConnection.end(),
                     [&](std::string_view known) { return http::same_name(known, name); });
}

/// "/v1/payments" covers itself and "/v1/payments/x", not "/v1/payments-old".
bool covers(std::string_view prefix, std::string_view path) {
  if (path.substr(0, prefix.size()) != prefix) return false;
  return prefix.back() == '/' || path.size() == prefix.size() || path[prefix.size()] == '/';
}

/// 0 to 99.
std::int64_t bucket_of(const http::Request& request, std::string_view salt) {
  std::string name(salt);
  if (const auto key = request.header("idempotency-key")) {
    name.append(*key);
  } else {
    name.append(request.header("authorization").value_or("")).append(request.path);
  }
  return static_cast<std::int64_t>(stable_hash(name) % 100);
}

std::string renamed(const std::map<std::string, std::string>& names, std::string body) {
  auto parsed = parse_json(body);
  if (!parsed || !parsed->is_object()) return body;
  json::object changed;
  for (const auto& [key, value] : parsed->get_object()) {
    const auto found = names.find(std::string(key));
    // A member of the new name that is there already wins: a client may send either.
    const std::string name = found == names.end() ? std::string(key) : found->second;
    if (found != names.end() && parsed->get_object().contains(name)) continue;
    changed[name] = value;
  }
  return json::serialize(changed);
}

void apply(const Transform& transform, http::ClientRequest& request) {
  std::erase_if(request.headers, [&](const auto& header) {
    const auto named = [&](const std::string& name) { return http::same_name(name, header.first); };
    const bool replaced = std::any_of(transform.set_headers.begin(), transform.set_headers.end(),
                                      [&](const auto& set) { return named(set.first); });
    return replaced || std::any_of(transform.remove_headers.begin(), transform.remove_headers.end(), named);
  });
  for (const auto& [name, value] : transform.set_headers) request.headers.emplace_back(name, value);
  if (!transform.rename_members.empty() && !request.body.empty()) {
    request.body = renamed(transform.rename_members, std::move(request.body));
  }
}

}  // namespace

Choice choose_upstream(const EdgeSettings& settings, const http::Request& request) {
  const StranglerRule* rule = nullptr;
  for (const StranglerRule& candidate : settings.strangler) {
    if (!covers(candidate.path, request.path)) continue;
    if (rule == nullptr || candidate.path.size() > rule->path.size()) rule = &candidate;
  }
  if (rule != nullptr) return {rule->upstream, false, false};
  const Canary& canary = settings.canary;
  if (canary.upstream.empty()) return {settings.stable, false, false};
  if (bucket_of(request, "canary ") < canary.share) return {canary.upstream, true, false};
  return {settings.stable, false, bucket_of(request, "shadow ") < canary.shadow};
}

http::ClientRequest make_upstream_request(const EdgeSettings& settings, const http::Request& request) {
  http::ClientRequest made;
  made.method = request.method;
  made.target = std::string(request.path) + (request.query.empty() ? "" : "?" + std::string(request.query));
  made.body = request.body;
  // What Connection names belongs to this connection, too.
  const std::string_view also = request.header("connection").value_or("");
  for (const http::HeaderView& header : request.headers) {
    if (of_the_connection(header.name) || http::same_name(header.name, "host")) continue;
    if (!also.empty() && http::same_name(also, header.name)) continue;
    made.headers.emplace_back(header.name, header.value);
  }
  for (const Transform& transform : settings.transforms) {
    if (covers(transform.path, request.path)) apply(transform, made);
  }
  return made;
}

bool is_repeatable(const http::Request& request) {
  if (request.method == "GET" || request.method == "HEAD" || request.method == "PUT" || request.method == "DELETE" ||
      request.method == "OPTIONS") {
    return true;
  }
  return request.header("idempotency-key").has_value();
}

}  // namespace tidegate::platform
