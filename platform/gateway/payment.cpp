#include "platform/gateway/payment.hpp"

#include <fmt/format.h>

#include <charconv>

#include "base/json.hpp"
#include "platform/service/compiled_text.hpp"
#include "platform/service/timestamp.hpp"

namespace tidegate::platform {
namespace {

constexpr std::size_t kHexDigits = 16;
constexpr std::size_t kLongestNumber = 18;

std::optional<std::int64_t> number_after(std::string_view name, std::string_view prefix, int base) {
  if (name.substr(0, prefix.size()) != prefix) return std::nullopt;
  const std::string_view digits = name.substr(prefix.size());
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number, base);
  if (error != std::errc() || end != digits.data() + digits.size() || number <= 0) return std::nullopt;
  return number;
}

}  // namespace

std::string payment_name(std::int64_t id) {
  return compiled_text(FMT_COMPILE("pay_{:016x}"), id);
}

std::optional<std::int64_t> payment_from_name(std::string_view name) {
  const auto id = number_after(name, "pay_", 16);
  // One spelling only: no capitals, no missing zeros.
  const bool has_capitals = name.find_first_of("ABCDEF") != std::string_view::npos;
  if (!id || name.size() != 4 + kHexDigits || has_capitals) return std::nullopt;
  return id;
}

std::string_view to_string(OperationKind kind) noexcept {
  switch (kind) {
    case OperationKind::capture:
      return "capture";
    case OperationKind::refund:
      return "refund";
    case OperationKind::cancel:
      return "cancel";
  }
  return "";
}

std::string_view to_string(OperationState state) noexcept {
  switch (state) {
    case OperationState::pending:
      return "pending";
    case OperationState::succeeded:
      return "succeeded";
    case OperationState::refused:
      return "refused";
  }
  return "";
}

std::string operation_name(OperationKind kind, std::int64_t id) {
  return fmt::format("{}_{:016x}", to_string(kind).substr(0, 3), id);
}

std::optional<std::int64_t> operation_from_name(std::string_view name) {
  for (const auto kind : {OperationKind::capture, OperationKind::refund, OperationKind::cancel}) {
    const auto id = number_after(name, std::string(to_string(kind).substr(0, 3)) + "_", 16);
    if (id && name == operation_name(kind, *id)) return id;
  }
  return std::nullopt;
}

std::string merchant_name(std::int64_t id) {
  return compiled_text(FMT_COMPILE("mer_{:06}"), id);
}

std::optional<std::int64_t> merchant_from_name(std::string_view name) {
  if (name.size() > kLongestNumber) return std::nullopt;
  const auto id = number_after(name, "mer_", 10);
  if (!id || name != merchant_name(*id)) return std::nullopt;
  return id;
}

std::string created_json(const Payment& payment) {
  return compiled_text(
      FMT_COMPILE(R"({{"id":"{}","status":"processing","amount":{},"currency":"{}","created_at":"{}"}})"),
      payment_name(payment.id), payment.amount, payment.currency, timestamp_text(payment.created_at_ms));
}

std::string status_json(const Payment& payment, std::int64_t staleness_ms) {
  std::string text =
      fmt::format(R"({{"id":"{}","status":"{}","amount":{},"currency":"{}","captured":{},"refunded":{},"held":{})",
                  payment_name(payment.id), to_string(payment.state), payment.amount, payment.currency,
                  payment.captured, payment.refunded, payment.held);
  if (!payment.reason.empty()) text += ",\"reason\":" + json::serialize(json::string(payment.reason));
  if (payment.expires_at_ms > 0) {
    text += fmt::format(R"(,"expires_at":"{}")", timestamp_text(payment.expires_at_ms));
  }
  return text + fmt::format(R"(,"created_at":"{}","updated_at":"{}","staleness_ms":{}}})",
                            timestamp_text(payment.created_at_ms), timestamp_text(payment.updated_at_ms), staleness_ms);
}

std::string accepted_json(const Operation& operation) {
  return fmt::format(R"({{"id":"{}","payment":"{}","kind":"{}","status":"pending","amount":{},"currency":"{}",)"
                     R"("created_at":"{}"}})",
                     operation_name(operation.kind, operation.id), payment_name(operation.payment),
                     to_string(operation.kind), operation.amount, operation.currency,
                     timestamp_text(operation.created_at_ms));
}

std::string operation_json(const Operation& operation) {
  json::object object{{"id", operation_name(operation.kind, operation.id)},
                      {"payment", payment_name(operation.payment)},
                      {"kind", to_string(operation.kind)},
                      {"status", to_string(operation.state)},
                      {"amount", operation.amount},
                      {"currency", operation.currency},
                      {"created_at", timestamp_text(operation.created_at_ms)},
                      {"updated_at", timestamp_text(operation.updated_at_ms)}};
  if (!operation.reason.empty()) object["reason"] = operation.reason;
  return json::serialize(object);
}

}  // namespace tidegate::platform
