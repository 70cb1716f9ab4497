#include "platform/gateway/payment_request.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.hpp"
#include "base/random.hpp"
#include "platform/events/payment_events.hpp"

namespace tidegate::platform {
namespace {

constexpr std::size_t kLongestKey = 255;
constexpr std::size_t kLongestToken = 64;

bool is_visible(char c) {
  return c > 0x20 && c < 0x7f;
}

Result<void> check_members(const json::object& object) {
  for (const auto& member : object) {
    const auto name = member.key();
    if (name == "amount" || name == "currency" || name == "card") continue;
    return usage_error(fmt::format("unknown member '{}': a payment has amount, currency and card",
                                   std::string_view(name).substr(0, 40)));
  }
  return {};
}

Result<std::int64_t> read_amount(const json::object& object) {
  const json::value* value = object.if_contains("amount");
  if (value == nullptr) return usage_error("amount is missing");
  const bool legal = value->is_int64() && value->get_int64() >= 1 && value->get_int64() <= kLargestAmount;
  if (legal) return value->get_int64();
  return usage_error(fmt::format("amount is an integer in the currency's minor unit, from 1 to {}", kLargestAmount));
}

}  // namespace

Result<PaymentRequest> parse_payment_request(std::string_view body) {
  const auto parsed = parse_json(body);
  if (!parsed) return usage_error("the body is not JSON: " + parsed.error().message);
  if (!parsed->is_object()) return usage_error("the body is not a JSON object");
  const json::object& object = parsed->get_object();
  if (auto known = check_members(object); !known) return known.error();

  const auto amount = read_amount(object);
  if (!amount) return amount.error();
  auto currency = string_member(object, "currency");
  if (!currency || !is_currency(*currency)) return usage_error("currency is a code of three capitals, as in ISO 4217");
  auto card = string_member(object, "card");
  const bool is_token =
      card && !card->empty() && card->size() <= kLongestToken && std::all_of(card->begin(), card->end(), is_visible);
  if (!is_token) return usage_error("card is a card token");
  return PaymentRequest{*amount, std::move(*currency), std::move(*card)};
}

bool is_idempotency_key(std::string_view text) noexcept {
  return !text.empty() && text.size() <= kLongestKey && std::all_of(text.begin(), text.end(), is_visible);
}

std::int64_t fingerprint_of(std::int64_t amount, std::string_view currency, std::string_view card) {
  return static_cast<std::int64_t>(stable_hash(fmt::format("{} {} {}", amount, currency, card)));
}

}  // namespace tidegate::platform
