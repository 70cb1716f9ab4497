#include "platform/gateway/payment_request.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "base/json.hpp"
#include "base/random.hpp"
#include "platform/money/money.hpp"
#include "platform/service/compiled_text.hpp"
#include "platform/service/json_body.hpp"

namespace tidegate::platform {
namespace {

constexpr std::size_t kLongestKey = 255;
constexpr std::size_t kLongestToken = 64;
constexpr std::array<std::string_view, 5> kPaymentMembers{"amount", "currency", "card", "capture", "exponent"};
constexpr std::array<std::string_view, 2> kCaptureMembers{"amount", "final"};

bool is_visible(char c) {
  return c > 0x20 && c < 0x7f;
}

Result<std::int64_t> read_amount(const json::value& value) {
  const bool legal = value.is_int64() && value.get_int64() >= 1 && value.get_int64() <= kLargestAmount;
  if (legal) return value.get_int64();
  return usage_error(fmt::format("amount is an integer in the currency's minor unit, from 1 to {}", kLargestAmount));
}

Result<void> read_currency(const json::object& object, PaymentRequest& request) {
  auto currency = string_member(object, "currency");
  const auto exponent = currency ? currency_exponent(*currency) : std::nullopt;
  if (!exponent) return usage_error("currency is a code of three capitals that ISO 4217 lists");
  request.currency = std::move(*currency);
  const json::value* claimed = object.if_contains("exponent");
  if (claimed == nullptr || (claimed->is_int64() && claimed->get_int64() == *exponent)) return {};
  return usage_error(
      fmt::format("exponent: {} has {} decimals, so the amount counts in that unit", request.currency, *exponent));
}

Result<bool> read_capture(const json::object& object) {
  if (object.if_contains("capture") == nullptr) return false;
  const auto mode = string_member(object, "capture");
  if (mode == "automatic") return false;
  if (mode == "manual") return true;
  return usage_error("capture is \"automatic\" or \"manual\"");
}

}  // namespace

Result<PaymentRequest> parse_payment_request(std::string_view body) {
  const auto object = parse_json_object(body);
  if (!object) return object.error();
  if (auto known = check_members(*object, kPaymentMembers); !known) return known.error();

  PaymentRequest request;
  const json::value* value = object->if_contains("amount");
  if (value == nullptr) return usage_error("amount is missing");
  const auto amount = read_amount(*value);
  if (!amount) return amount.error();
  request.amount = *amount;
  if (auto read = read_currency(*object, request); !read) return read.error();
  auto card = string_member(*object, "card");
  const bool is_token =
      card && !card->empty() && card->size() <= kLongestToken && std::all_of(card->begin(), card->end(), is_visible);
  if (!is_token) return usage_error("card is a card token");
  request.card = std::move(*card);
  const auto manual = read_capture(*object);
  if (!manual) return manual.error();
  request.manual = *manual;
  return request;
}

Result<OperationRequestBody> parse_operation_request(std::string_view body, OperationKind kind) {
  OperationRequestBody request;
  if (body.empty()) return request;
  const auto object = parse_json_object(body);
  if (!object) return object.error();
  const std::size_t members = kind == OperationKind::capture ? 2 : kind == OperationKind::refund ? 1 : 0;
  if (auto known = check_members(*object, std::span(kCaptureMembers).first(members)); !known) return known.error();
  if (const json::value* value = object->if_contains("amount"); value != nullptr) {
    const auto amount = read_amount(*value);
    if (!amount) return amount.error();
    request.amount = *amount;
  }
  if (object->if_contains("final") != nullptr) {
    const auto final = boolean_member(*object, "final");
    if (!final) return usage_error("final is true or false");
    request.final = *final;
  }
  return request;
}

bool is_idempotency_key(std::string_view text) noexcept {
  return !text.empty() && text.size() <= kLongestKey && std::all_of(text.begin(), text.end(), is_visible);
}

std::int64_t fingerprint_of(std::int64_t amount, std::string_view currency, std::string_view card, bool manual) {
  return static_cast<std::int64_t>(
      stable_hash(compiled_text(FMT_COMPILE("{} {} {}{}"), amount, currency, card, manual ? " manual" : "")));
}

std::int64_t fingerprint_of(std::int64_t payment, const OperationRequestBody& body) {
  return static_cast<std::int64_t>(
      stable_hash(fmt::format("{} {} {}", payment, body.amount ? std::to_string(*body.amount) : "rest", body.final)));
}

}  // namespace tidegate::platform
