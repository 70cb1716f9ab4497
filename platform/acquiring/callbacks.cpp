#include "platform/acquiring/callbacks.hpp"

#include "platform/service/problem.hpp"
#include "platform/service/wall_clock.hpp"
#include "platform/worker/callback_signature.hpp"
#include "platform/worker/caller.hpp"

namespace tidegate::platform {
namespace {

constexpr std::size_t kLongestQueue = 5'000;

Result<BankAnswer> read_answer(const json::object& body) {
  const std::string status = string_member(body, "status").value_or("");
  if (status == "approved") {
    return BankAnswer{BankAnswer::Kind::approved,
                      string_member(body, "auth_code").value_or(""),
                      {},
                      false,
                      integer_member(body, "expires_at_ms").value_or(0)};
  }
  if (status == "declined") {
    return BankAnswer{BankAnswer::Kind::declined, {}, string_member(body, "reason").value_or("declined")};
  }
  return usage_error("status is approved or declined");
}

}  // namespace

ProviderCallbacks::ProviderCallbacks(ServiceRuntime& runtime, RoleDatabase& database, Charger& charger)
    : secret_(runtime.options().operator_token),
      database_(database),
      charger_(charger),
      resolved_(runtime.metrics().counter("acquiring_callbacks_total", "Messages of providers.", {{"kind", "news"}})),
      repeated_(runtime.metrics().counter("acquiring_callbacks_total", "Messages of providers.", {{"kind", "known"}})),
      forged_(runtime.metrics().counter("acquiring_callbacks_total", "Messages of providers.", {{"kind", "forged"}})) {
  runtime.router().add("POST", "/v1/provider-callbacks/{acquirer}",
                       [this](const http::Request& request, std::string_view) { return receive(request); });
}

asio::awaitable<http::Response> ProviderCallbacks::receive(const http::Request& request) {
  if (!verify_callback(secret_, header_of(request, "webhook-signature"), request.body, wall_now_ms() / 1000)) {
    forged_.add();
    co_return problem(401, "The signature is wrong, or too old.");
  }
  if (database_.store().queue_depth() > kLongestQueue) {
    http::Response busy = problem(503, "Too many messages wait; send it again.");
    busy.headers.emplace_back("Retry-After", "1");
    co_return busy;
  }
  const auto body = read_body(request, {"reference", "status", "auth_code", "reason", "acquirer", "expires_at_ms"});
  if (!body) co_return problem(400, body.error().message);
  auto reference = string_member(*body, "reference");
  if (!reference || reference->empty()) co_return problem(400, "reference is missing");
  auto answer = read_answer(*body);
  if (!answer) co_return problem(400, answer.error().message);
  const auto heard = co_await charger_.hear(std::move(*reference), std::move(*answer));
  if (!heard) co_return problem(503, "The message cannot be noted at the moment.");
  (*heard == Charger::Heard::repeated ? repeated_ : resolved_).add();
  if (*heard == Charger::Heard::not_known) co_return problem(404, "There is no such reference.");
  co_return json_response(202, json::object{{"repeated", *heard == Charger::Heard::repeated}});
}

}  // namespace tidegate::platform
