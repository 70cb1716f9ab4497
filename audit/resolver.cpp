#include "audit/resolver.hpp"

#include <thread>

#include "base/http/client.hpp"
#include "base/json.hpp"

namespace tidegate::audit {
namespace {

constexpr auto kPause = std::chrono::milliseconds(100);

std::string id_in(const std::string& body) {
  const auto value = parse_json(body);
  if (!value || !value->is_object()) return {};
  const json::object& object = value->as_object();
  if (const auto number = integer_member(object, "id")) return std::to_string(*number);
  return string_member(object, "id").value_or(std::string());
}

struct Asked {
  Answer answer = Answer::open;
  int status = 0;
  std::string id;
};

Asked send_again(const OpenOutcome& open, const ResolveOptions& options) {
  const RenderedRequest& request = *open.request;
  const auto answer = http::fetch(options.base_url + request.target,
                                  {request.method, "", request.headers, request.body}, options.request_timeout);
  if (!answer) return {};
  return {meaning_of(answer->status), answer->status, id_in(answer->body)};
}

Asked fence(const OpenOutcome& open, const ResolveOptions& options) {
  std::string target = options.fence;
  constexpr std::string_view slot = "{key}";
  const std::size_t at = target.find(slot);
  if (at != std::string::npos) target.replace(at, slot.size(), http::percent_encode(open.operation.key_text()));
  http::ClientRequest request{"POST", "", {}, ""};
  if (open.request) {
    for (const auto& header : open.request->headers) {
      if (http::same_name(header.first, "authorization")) request.headers.push_back(header);
    }
  }
  if (request.headers.empty() && !options.token.empty()) {
    request.headers.emplace_back("Authorization", "Bearer " + options.token);
  }
  const auto answer = http::fetch(options.base_url + target, request, options.request_timeout);
  if (!answer) return {};
  return {meaning_of_fence(answer->status), answer->status, id_in(answer->body)};
}

}  // namespace

Answer meaning_of(int status) {
  if (status >= 200 && status < 300) return Answer::ok;
  if (status == 404 || status == 408 || status == 409 || status == 425 || status == 429) return Answer::open;
  return status >= 400 && status < 500 ? Answer::fail : Answer::open;
}

Answer meaning_of_fence(int status) {
  if (status >= 200 && status < 300) return Answer::fail;
  return status == 409 || status == 422 ? Answer::conflict : Answer::open;
}

std::optional<record::Operation> resolve_one(const OpenOutcome& open, const ResolveOptions& options,
                                             const std::function<bool()>& over) {
  const bool can_fence = !options.fence.empty();
  bool fencing = can_fence && (options.fence_first || !open.request);
  if (!fencing && !open.request) return std::nullopt;
  while (!over()) {
    const Asked asked = fencing ? fence(open, options) : send_again(open, options);
    if (asked.answer == Answer::conflict && open.request) {
      fencing = false;  // the key was seen: its stored result is what counts
      continue;
    }
    // A key that was seen, and whose request cannot be sent again: it happened when the answer names what it made.
    const bool happened = asked.answer == Answer::ok || (asked.answer == Answer::conflict && !asked.id.empty());
    if (happened || asked.answer == Answer::fail) {
      record::Operation resolved = open.operation;
      resolved.event = happened ? record::OperationEvent::resolved_ok : record::OperationEvent::resolved_fail;
      resolved.status = static_cast<std::uint16_t>(asked.status);
      resolved.time = options.clock.now();
      resolved.set_id(happened ? asked.id : std::string());
      if (options.on_resolved) options.on_resolved(resolved, resolved.time - open.since);
      return resolved;
    }
    std::this_thread::sleep_for(kPause);
  }
  return std::nullopt;
}

}  // namespace tidegate::audit
