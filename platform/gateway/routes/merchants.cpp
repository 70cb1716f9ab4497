// POST /admin/merchants {name, currency, card, tier}: 201 {id, name, currency, api_key, card_token, card_last4, tier}.
// The card number goes to the vault, which gives a token for it; here it is neither stored nor logged nor repeated in
// an answer. GET lists the merchants.

#include "base/json.hpp"
#include "base/time.hpp"
#include "platform/gateway/payment.hpp"
#include "platform/gateway/problems.hpp"
#include "platform/gateway/routes/routes.hpp"
#include "platform/gateway/routes/vault.hpp"
#include "platform/gateway/secrets.hpp"
#include "platform/money/money.hpp"
#include "platform/service/await_store.hpp"
#include "platform/service/json_body.hpp"
#include "platform/service/problem.hpp"
#include "platform/service/wall_clock.hpp"

namespace tidegate::platform {
namespace {

constexpr std::size_t kLongestName = 100;
constexpr std::size_t kLongestTier = 40;

struct NewMerchant {
  Merchant merchant;
  ApiKey key;
  std::string card_number;  // until the vault has it
  std::optional<Card> card;
  std::string api_key;  // shown once
};

Result<NewMerchant> parse(std::string_view body) {
  const auto parsed = parse_json_object(body);
  // Not the parser's words: they may repeat what was sent, and a card number may be in it.
  if (!parsed) return usage_error("the body is not a JSON object without repeated members");
  const json::object& object = *parsed;
  auto name = string_member(object, "name");
  if (!name || name->empty() || name->size() > kLongestName) return usage_error("name is a text of 1 to 100 bytes");
  auto currency = string_member(object, "currency");
  if (!currency || !currency_exponent(*currency)) return usage_error("currency is a code that ISO 4217 lists");
  auto tier = string_member(object, "tier").value_or("");
  if (object.contains("tier") && (tier.empty() || tier.size() > kLongestTier))
    return usage_error("tier is a tier's name");

  NewMerchant made;
  made.merchant = {0, std::move(*name), std::move(*currency), std::move(tier)};
  made.api_key = new_api_key();
  made.key = {0, 0, hash_of_secret(made.api_key), scope_of_api_key(made.api_key)};
  if (object.if_contains("card") != nullptr) {
    const auto number = string_member(object, "card");
    if (!number || !is_card_number(*number)) return usage_error("card is a card number with a correct check digit");
    made.card_number = *number;
  }
  return made;
}

Result<void> write(Connection& connection, NewMerchant& made) {
  const auto now_ms = wall_now_ms();
  if (auto done = insert_merchant(connection, made.merchant, now_ms); !done) return done;
  made.key.merchant = made.merchant.id;
  if (auto done = insert_api_key(connection, made.key, now_ms); !done) return done;
  if (!made.card) return {};
  return insert_card(connection, *made.card, now_ms);
}

json::object describe(const NewMerchant& made) {
  json::object described{{"id", merchant_name(made.merchant.id)},
                         {"name", made.merchant.name},
                         {"currency", made.merchant.currency},
                         {"api_key", made.api_key}};
  if (!made.merchant.tier.empty()) described["tier"] = made.merchant.tier;
  if (made.card) {
    described["card_token"] = made.card->token;
    described["card_last4"] = made.card->last4;
  }
  return described;
}

http::Response vault_away() {
  http::Response response =
      typed_problem(503, "service-unavailable", "The vault does not take the card at the moment. Send it again.");
  response.headers.emplace_back("Retry-After", "1");
  return response;
}

asio::awaitable<http::Response> create_merchant(GatewayContext& context, std::string body) {
  auto parsed = parse(body);
  if (!parsed) co_return problem(400, parsed.error().message);
  const auto made = std::make_shared<NewMerchant>(std::move(*parsed));
  const std::string& tier = made->merchant.tier;
  if (!tier.empty() && !context.limits.settings().tiers.contains(tier))
    co_return problem(400, "tier: there is no such tier");
  made->merchant.id = context.tenants.reserve_merchant();
  if (!made->card_number.empty()) {
    made->card = co_await tokenize_card(context, made->merchant.id, std::move(made->card_number));
    if (!made->card) co_return vault_away();
  }
  Work work = [made](Connection& connection) { return write(connection, *made); };
  const auto written = co_await commit(*context.shards.first().store, std::move(work));
  if (!written) co_return store_unavailable();
  http::Response response = json_response(201, describe(*made));
  context.tenants.add(std::move(made->merchant));
  context.tenants.add(std::move(made->key));
  if (made->card) context.tenants.add(std::move(*made->card));
  co_return response;
}

http::Response list_merchants(const GatewayContext& context) {
  json::array items;
  for (const auto& [id, merchant] : context.tenants.merchants()) {
    items.push_back(
        json::object{{"id", merchant_name(id)},
                     {"name", merchant.name},
                     {"currency", merchant.currency},
                     {"tier", merchant.tier.empty() ? context.limits.settings().default_tier : merchant.tier},
                     {"shard", Shards::index_of_merchant(id, context.shards.size())}});
  }
  return json_response(200, json::object{{"items", std::move(items)}});
}

}  // namespace

void add_merchants(GatewayContext& context) {
  ServiceRuntime& runtime = context.runtime;
  runtime.router().add_immediate(
      "GET", "/admin/merchants",
      runtime.operator_only(
          ImmediateHandler([&context](const http::Request&, std::string_view) { return list_merchants(context); })));
  runtime.router().add("POST", "/admin/merchants",
                       runtime.operator_only(RouteHandler([&context](const http::Request& request, std::string_view) {
                         return create_merchant(context, std::string(request.body));
                       })));
}

}  // namespace tidegate::platform
