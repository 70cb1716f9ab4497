#include "platform/reconciliation/rows.hpp"

#include <charconv>
#include <cstring>

#include "base/assert.hpp"

namespace tidegate::platform {
namespace {

constexpr std::size_t kHead = 2 + 2 + 3 + 8 + 8;
constexpr std::size_t kLongestText = 1000;

std::string_view take_field(std::string_view& line) {
  const void* comma = std::memchr(line.data(), ',', line.size());
  if (comma == nullptr) return std::exchange(line, std::string_view());
  const auto size = static_cast<std::size_t>(static_cast<const char*>(comma) - line.data());
  const std::string_view field = line.substr(0, size);
  line.remove_prefix(size + 1);
  return field;
}

bool read_number(std::string_view text, std::int64_t& number) {
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  return failed == std::errc() && end == text.data() + text.size();
}

template <typename Number>
void append_number(std::string& out, Number number) {
  char bytes[sizeof(Number)];
  std::memcpy(bytes, &number, sizeof(Number));
  out.append(bytes, sizeof(Number));
}

template <typename Number>
Number read_raw(const char* from) {
  Number number;
  std::memcpy(&number, from, sizeof(Number));
  return number;
}

}  // namespace

Result<SettlementRow> parse_row(Side side, std::string_view line) {
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  SettlementRow row;
  if (side == Side::statement) take_field(line);  // its own number
  row.reference = take_field(line);
  const std::string_view amount = take_field(line);
  row.currency = take_field(line);
  const std::string_view at_ms = take_field(line);
  if (side == Side::ours) row.merchant = take_field(line);
  if (row.reference.empty() || row.reference.size() > kLongestText) return usage_error("no reference");
  // Amounts are whole minor units: a decimal point or an exponent is a mistake of the sender, never rounded away.
  if (!read_number(amount, row.amount)) return usage_error("the amount is no whole number of minor units");
  if (row.currency.size() != 3) return usage_error("the currency is no code of three letters");
  if (!read_number(at_ms, row.at_ms)) return usage_error("the time is no number of milliseconds");
  if (side == Side::ours && (row.merchant.empty() || row.merchant.size() > kLongestText)) {
    return usage_error("no merchant");
  }
  if (!line.empty()) return usage_error("more columns than there are names");
  return row;
}

void append_record(std::string& out, const SettlementRow& row) {
  append_number(out, static_cast<std::uint16_t>(row.reference.size()));
  append_number(out, static_cast<std::uint16_t>(row.merchant.size()));
  out.append(row.currency);
  append_number(out, row.amount);
  append_number(out, row.at_ms);
  out.append(row.reference).append(row.merchant);
}

bool take_record(std::string_view& bytes, SettlementRow& row) {
  if (bytes.empty()) return false;
  TIDEGATE_ASSERT(bytes.size() >= kHead);
  const std::size_t reference = read_raw<std::uint16_t>(bytes.data());
  const std::size_t merchant = read_raw<std::uint16_t>(bytes.data() + 2);
  TIDEGATE_ASSERT(bytes.size() >= kHead + reference + merchant);
  row.currency = bytes.substr(4, 3);
  row.amount = read_raw<std::int64_t>(bytes.data() + 7);
  row.at_ms = read_raw<std::int64_t>(bytes.data() + 15);
  row.reference = bytes.substr(kHead, reference);
  row.merchant = bytes.substr(kHead + reference, merchant);
  bytes.remove_prefix(kHead + reference + merchant);
  return true;
}

}  // namespace tidegate::platform
