#include "platform/gateway/routes/vault.hpp"

#include "base/time.hpp"
#include "platform/gateway/payment.hpp"
#include "platform/gateway/routes/pass_on.hpp"
#include "platform/service/json_body.hpp"
#include "platform/service/wall_clock.hpp"

namespace tidegate::platform {
namespace {

constexpr int kValidYears = 3;

/// Of a card whose merchant did not say: the December three years on.
std::int64_t usual_expiry_year() {
  const auto today = std::chrono::floor<std::chrono::days>(std::chrono::sys_time<Nanoseconds>(wall_now()));
  return static_cast<int>(std::chrono::year_month_day(today).year()) + kValidYears;
}

}  // namespace

std::optional<Card> card_of_answer(std::int64_t merchant, const http::Response& answer) {
  if (answer.status != 200 && answer.status != 201) return std::nullopt;
  const auto object = parse_json_object(answer.body);
  if (!object) return std::nullopt;
  auto token = string_member(*object, "token");
  auto last4 = string_member(*object, "last_four");
  if (!token || !last4) return std::nullopt;
  return Card{0, merchant, std::move(*token), std::move(*last4)};
}

asio::awaitable<std::optional<Card>> tokenize_card(GatewayContext& context, std::int64_t merchant, std::string number) {
  http::ClientRequest request;
  request.method = "POST";
  request.target = "/v1/tokens";
  request.body =
      json::serialize(json::object{{"number", number}, {"expiry_month", 12}, {"expiry_year", usual_expiry_year()}});
  request.headers.emplace_back("Authorization", "Bearer " + context.runtime.options().operator_token);
  request.headers.emplace_back("Tidegate-Tenant", merchant_name(merchant));
  const http::Response answer = co_await pass_on(context, "vault.http", std::move(request));
  co_return card_of_answer(merchant, answer);
}

}  // namespace tidegate::platform
