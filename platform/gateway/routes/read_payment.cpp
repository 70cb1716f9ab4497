// GET /v1/payments/{id}: from memory for recent payments, else from the store. A payment of another merchant does not
// exist.

#include "platform/gateway/payment_table.hpp"
#include "platform/gateway/problems.hpp"
#include "platform/gateway/routes/authenticate.hpp"
#include "platform/gateway/routes/routes.hpp"

namespace tidegate::platform {
namespace {

constexpr std::int64_t kStalenessMs = 0;  // the state's only writer answers, after the commit

http::Response read_payment(GatewayContext& context, const http::Request& request, std::string_view name) {
  const ApiKey* api_key = authenticate(context.tenants, request);
  if (api_key == nullptr) return unknown_api_key();
  const auto id = payment_from_name(name);
  if (!id) return payment_not_found();
  http::Response response;
  if (const Payment* recent = context.recent.find(*id); recent != nullptr) {
    if (recent->merchant != api_key->merchant) return payment_not_found();
    response.body = status_json(*recent, kStalenessMs);
    return response;
  }
  const auto stored = find_payment(context.reader, *id);
  if (!stored) return store_unavailable();
  if (!*stored || (*stored)->merchant != api_key->merchant) return payment_not_found();
  response.body = status_json(**stored, kStalenessMs);
  return response;
}

}  // namespace

void add_read_payment(ServiceRuntime& runtime, GatewayContext& context) {
  runtime.router().add_immediate(
      "GET", "/v1/payments/{id}",
      [&context](const http::Request& request, std::string_view name) { return read_payment(context, request, name); });
}

}  // namespace tidegate::platform
