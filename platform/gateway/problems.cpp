#include "platform/gateway/problems.hpp"

#include <array>

#include "base/json.hpp"
#include "platform/service/problem.hpp"

namespace tidegate::platform {
namespace {

struct Refusal {
  std::string_view rule;
  int status;
  std::string_view detail;
};
constexpr std::array kRefusals{
    Refusal{refusal::card_unknown, 422, "The card token is not one of this merchant's."},
    Refusal{refusal::currency_not_enabled, 422, "The merchant does not take payments in this currency."},
    Refusal{refusal::blocked_by_rule, 422, "A routing rule blocks this payment."},
    Refusal{refusal::payment_unknown, 404, "This merchant has no such payment."},
    Refusal{refusal::state_does_not_allow, 409, "The payment's state does not allow it."},
    Refusal{refusal::operation_in_progress, 409, "Another operation on this payment has not ended."},
    Refusal{refusal::amount_exceeds_rest, 422, "The amount is above what is left."},
    Refusal{refusal::key_voided, 422, "This Idempotency-Key was voided; no request with it is accepted any more."},
};

http::Response later(http::Response response) {
  response.headers.emplace_back("Retry-After", "1");
  return response;
}

}  // namespace

http::Response typed_problem(int status, std::string_view type, std::string_view detail) {
  http::Response response;
  response.status = status;
  response.content_type = "application/problem+json";
  response.body = json::serialize(json::object{{"type", "urn:tidegate:problem:" + std::string(type)},
                                               {"title", http::reason_phrase(status)},
                                               {"status", status},
                                               {"detail", detail}});
  return response;
}

http::Response malformed(std::string_view detail) {
  return typed_problem(400, "malformed-request", detail);
}

http::Response unknown_api_key() {
  http::Response response = problem(401, "This needs an API key as a bearer token.");
  response.headers.emplace_back("WWW-Authenticate", "Bearer");
  return response;
}

http::Response store_unavailable() {
  return later(typed_problem(503, "store-unavailable", "The store cannot commit. Send the same key again."));
}

http::Response switched_off(std::string_view what) {
  return later(typed_problem(503, "switched-off", std::string(what) + " are switched off at the moment."));
}

http::Response capacity_exceeded() {
  return later(typed_problem(503, "capacity-exceeded", "The provisioned writes are used up. Send the same key again."));
}

http::Response payment_not_found() {
  return problem(404, "This merchant has no such payment.");
}

http::Response refused(std::string_view rule) {
  for (const Refusal& known : kRefusals) {
    if (known.rule == rule) return typed_problem(known.status, rule, known.detail);
  }
  return typed_problem(422, rule, "The request breaks a business rule.");
}

}  // namespace tidegate::platform
