#include "platform/vault/card.hpp"

#include <algorithm>

namespace tidegate::platform {
namespace {

constexpr std::size_t kShortest = 12;
constexpr std::size_t kLongest = 19;

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

struct Range {
  std::string_view low, high, brand;  // leading digits, of equal length
};
constexpr Range kRanges[] = {
    {"4", "4", "visa"},      {"51", "55", "mastercard"},   {"2221", "2720", "mastercard"}, {"34", "34", "amex"},
    {"37", "37", "amex"},    {"6011", "6011", "discover"}, {"644", "649", "discover"},     {"65", "65", "discover"},
    {"3528", "3589", "jcb"}, {"62", "62", "unionpay"},     {"36", "36", "diners"},         {"300", "305", "diners"},
    {"50", "50", "maestro"}, {"56", "58", "maestro"},
};

std::string digits_of(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (c != ' ' && c != '-') digits += c;
  }
  return digits;
}

}  // namespace

bool luhn_valid(std::string_view digits) noexcept {
  int sum = 0;
  bool doubled = false;
  for (auto it = digits.rbegin(); it != digits.rend(); ++it, doubled = !doubled) {
    const int digit = *it - '0';
    sum += doubled ? (digit * 2) / 10 + (digit * 2) % 10 : digit;
  }
  return !digits.empty() && sum % 10 == 0;
}

std::string_view brand_of(std::string_view number) noexcept {
  for (const Range& range : kRanges) {
    const std::string_view lead = number.substr(0, range.low.size());
    if (lead >= range.low && lead <= range.high) return range.brand;
  }
  return "unknown";
}

std::string bin_of(std::string_view number) {
  return std::string(number.substr(0, 6));
}

std::string last_four_of(std::string_view number) {
  return std::string(number.substr(number.size() - 4));
}

Result<CardDetails> CardDetails::from_request(const json::object& body) {
  CardDetails card;
  const auto sent = string_member(body, "number");
  if (!sent) return usage_error("number is the card's number, as a text");
  card.number = digits_of(*sent);
  if (!all_digits(card.number) || card.number.size() < kShortest || card.number.size() > kLongest) {
    return usage_error("number has 12 to 19 digits");
  }
  if (!luhn_valid(card.number)) return usage_error("number has a wrong check digit");
  card.expiry_month = integer_member(body, "expiry_month").value_or(0);
  card.expiry_year = integer_member(body, "expiry_year").value_or(0);
  if (card.expiry_month < 1 || card.expiry_month > 12) return usage_error("expiry_month is a number from 1 to 12");
  if (card.expiry_year < 2000 || card.expiry_year > 2099) return usage_error("expiry_year is a year of four digits");
  if (body.contains("cvv")) {
    const auto cvv = string_member(body, "cvv");
    if (!cvv || !all_digits(*cvv) || cvv->size() < 3 || cvv->size() > 4) return usage_error("cvv has 3 or 4 digits");
  }
  return card;
}

}  // namespace tidegate::platform
