#include "platform/gateway/problems.hpp"

#include "base/json.hpp"
#include "platform/service/problem.hpp"

namespace tidegate::platform {

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

http::Response unknown_api_key() {
  http::Response response = problem(401, "This needs an API key as a bearer token.");
  response.headers.emplace_back("WWW-Authenticate", "Bearer");
  return response;
}

http::Response store_unavailable() {
  http::Response response =
      typed_problem(503, "store-unavailable", "The store cannot commit. Send the same key again.");
  response.headers.emplace_back("Retry-After", "1");
  return response;
}

http::Response payment_not_found() {
  return problem(404, "This merchant has no such payment.");
}

http::Response refused(std::string_view rule) {
  if (rule == refusal::card_unknown) return typed_problem(422, rule, "The card token is not one of this merchant's.");
  if (rule == refusal::currency_not_enabled) {
    return typed_problem(422, rule, "The merchant does not take payments in this currency.");
  }
  return typed_problem(422, rule, "The payment breaks a business rule.");
}

}  // namespace tidegate::platform
