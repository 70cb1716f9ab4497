// Captures, refunds and voids of a charge.

#include "platform/bank/charges.hpp"
#include "platform/events/payment_events.hpp"
#include "platform/service/wall_clock.hpp"
#include "platform/worker/caller.hpp"

namespace tidegate::platform {
namespace {

constexpr std::size_t kLongestReference = 200;

/// Why the bank declines the operation; empty: it approves.
std::string objection(const Charge& charge, const BankOperation& operation) {
  if (charge.status == "voided") return "the charge was voided";
  if (charge.status != "approved") return "the charge was declined";
  if (charge.currency != operation.currency) return "the charge has another currency";
  if (operation.kind == "capture") {
    if (charge.expires_at_ms > 0 && operation.at_ms >= charge.expires_at_ms) return "the authorisation has expired";
    if (operation.amount > charge.amount - charge.captured) return "more than is authorised";
  } else if (operation.kind == "refund") {
    if (operation.amount > charge.captured - charge.refunded) return "more than was captured";
  } else if (charge.captured > 0) {
    return "it is captured already";
  }
  return {};
}

Result<void> apply(Connection& connection, const BankOperation& operation) {
  const char* sql = operation.kind == "capture" ? "UPDATE charges SET captured = captured + ?2 WHERE reference = ?1"
                    : operation.kind == "refund"
                        ? "UPDATE charges SET refunded = refunded + ?2 WHERE reference = ?1"
                        : "UPDATE charges SET status = 'voided' WHERE reference = ?1 AND ?2 >= 0";
  auto changed = connection.execute(sql, {operation.charge, operation.amount});
  if (!changed) return changed.error();
  return {};
}

}  // namespace

Result<BankOperation> BankOperation::from_request(std::string charge, std::string kind, const json::object& body) {
  BankOperation operation;
  operation.charge = std::move(charge);
  operation.kind = std::move(kind);
  operation.reference = string_member(body, "reference").value_or("");
  if (operation.reference.empty() || operation.reference.size() > kLongestReference) {
    return usage_error("'reference' must be a text of 1 to 200 bytes");
  }
  const auto amount = integer_member(body, "amount");
  if (!amount || *amount <= 0) return usage_error("'amount' must be a whole number above 0, in minor units");
  operation.amount = *amount;
  operation.currency = string_member(body, "currency").value_or("");
  if (!is_currency(operation.currency)) return usage_error("'currency' must be three capital letters (ISO 4217)");
  operation.at_ms = wall_now_ms();
  return operation;
}

json::object BankOperation::to_answer() const {
  json::object answer{{"reference", reference}, {"charge", charge}, {"kind", kind},
                      {"status", status},       {"amount", amount}, {"currency", currency}};
  if (!reason.empty()) answer["reason"] = reason;
  return answer;
}

Result<std::optional<BankOperation>> find_operation(Connection& reader, const std::string& reference) {
  std::optional<BankOperation> found;
  auto read = reader.query(
      "SELECT reference, charge, kind, currency, amount, status, reason, at_ms FROM operations WHERE reference = ?1",
      {reference}, [&](const Row& row) {
        const auto text = [&](int column) { return std::string(row.text(column)); };
        found = BankOperation{text(0), text(1), text(2), text(3), row.integer(4), text(5), text(6), row.integer(7)};
        return false;
      });
  if (!read) return read.error();
  return found;
}

Result<bool> record_operation(Connection& connection, BankOperation& operation) {
  auto known = find_operation(connection, operation.reference);
  if (!known) return known.error();
  if (*known) {
    const BankOperation& first = **known;
    if (first.charge != operation.charge || first.kind != operation.kind || first.amount != operation.amount) {
      return usage_error("the reference was used before, for another operation");
    }
    operation = first;
    return false;
  }
  auto charge = find_charge(connection, operation.charge);
  if (!charge) return charge.error();
  if (!*charge) return usage_error("there is no such charge");
  operation.reason = objection(**charge, operation);
  operation.status = operation.reason.empty() ? "approved" : "declined";
  if (operation.reason.empty()) {
    if (auto applied = apply(connection, operation); !applied) return applied.error();
  }
  auto inserted = connection.execute(
      "INSERT INTO operations (reference, charge, kind, amount, currency, status, reason, at_ms)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
      {operation.reference, operation.charge, operation.kind, operation.amount, operation.currency, operation.status,
       operation.reason, operation.at_ms});
  if (!inserted) return inserted.error();
  return true;
}

}  // namespace tidegate::platform
