#include "platform/gateway/payment.hpp"

#include <fmt/format.h>

#include <charconv>
#include <chrono>

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
  return fmt::format("pay_{:016x}", id);
}

std::optional<std::int64_t> payment_from_name(std::string_view name) {
  const auto id = number_after(name, "pay_", 16);
  // One spelling only: no capitals, no missing zeros.
  if (!id || name.size() != 4 + kHexDigits || name != payment_name(*id)) return std::nullopt;
  return id;
}

std::string merchant_name(std::int64_t id) {
  return fmt::format("mer_{:06}", id);
}

std::optional<std::int64_t> merchant_from_name(std::string_view name) {
  if (name.size() > kLongestNumber) return std::nullopt;
  const auto id = number_after(name, "mer_", 10);
  if (!id || name != merchant_name(*id)) return std::nullopt;
  return id;
}

std::string timestamp_text(std::int64_t unix_ms) {
  const std::chrono::sys_time<std::chrono::milliseconds> time{std::chrono::milliseconds(unix_ms)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
}

std::string created_json(const Payment& payment) {
  return fmt::format(R"({{"id":"{}","status":"processing","amount":{},"currency":"{}","created_at":"{}"}})",
                     payment_name(payment.id), payment.amount, payment.currency, timestamp_text(payment.created_at_ms));
}

std::string status_json(const Payment& payment, std::int64_t staleness_ms) {
  return fmt::format(
      R"({{"id":"{}","status":"{}","amount":{},"currency":"{}","created_at":"{}","updated_at":"{}","staleness_ms":{}}})",
      payment_name(payment.id), to_string(payment.state), payment.amount, payment.currency,
      timestamp_text(payment.created_at_ms), timestamp_text(payment.updated_at_ms), staleness_ms);
}

}  // namespace tidegate::platform
