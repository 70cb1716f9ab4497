// POST /v1/tokens {number, expiry_month, expiry_year, cvv}: passed on to the vault, the only service that keeps card
// numbers. What comes back, the token and the last four digits, is what payments are made with; the number is in this
// process only while the request passes through. GET and DELETE /v1/tokens/{token} are the vault's, too.

#include "base/time.hpp"
#include "platform/gateway/problems.hpp"
#include "platform/gateway/routes/pass_on.hpp"
#include "platform/gateway/routes/routes.hpp"
#include "platform/gateway/routes/vault.hpp"
#include "platform/service/await_store.hpp"
#include "platform/service/wall_clock.hpp"

namespace tidegate::platform {
namespace {

constexpr const char* kVault = "vault.http";

asio::awaitable<http::Response> create_token(GatewayContext& context, std::int64_t merchant,
                                             http::ClientRequest request) {
  http::Response answer = co_await pass_on(context, kVault, std::move(request));
  const auto told = card_of_answer(merchant, answer);
  if (!told) co_return answer;
  const auto card = std::make_shared<Card>(*told);
  if (context.tenants.card(merchant, card->token) != nullptr) co_return answer;
  Work work = [card](Connection& connection) { return insert_card(connection, *card, wall_now_ms()); };
  const auto written = co_await commit(*context.shards.first().store, std::move(work));
  // The vault has it; asking again gives the same token, and another chance to note it here.
  if (!written && context.tenants.card(merchant, card->token) == nullptr) co_return store_unavailable();
  context.tenants.add(*card);
  co_return answer;
}

}  // namespace

void add_card_tokens(GatewayContext& context) {
  add_tenant_route(context, "POST", "/v1/tokens",
                   [&context](const Principal& principal, const http::Request& request, std::string_view) {
                     return create_token(context, principal.merchant, make_passed_request(context, request, principal));
                   });
  for (const char* method : {"GET", "DELETE"}) {
    add_tenant_route(context, method, "/v1/tokens/{token}",
                     [&context](const Principal& principal, const http::Request& request, std::string_view) {
                       return pass_on(context, kVault, make_passed_request(context, request, principal));
                     });
  }
}

}  // namespace tidegate::platform
