#pragma once
// The bank's own record of what it charged: the outside witness of the audit. A charge is on disk before it is
// answered.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "platform/store/store.hpp"

namespace tidegate::platform {

std::span<const Migration> bank_migrations();

struct Charge {
  std::int64_t sequence = 0;  ///< in commit order
  std::string reference;      ///< the caller's; the bank charges once per reference
  std::string client_key;     ///< the idempotency key of the merchant's own client
  std::string merchant;
  std::int64_t amount = 0;  ///< minor units
  std::string currency;
  std::string status;          ///< approved, declined, voided
  std::int64_t at_ms = 0;      ///< since the Unix epoch
  std::string acquirer;        ///< "acq-01" when the caller named none
  bool try_elsewhere = false;  ///< of a decline: another acquirer may approve
  std::int64_t captured = 0;   ///< all of it at once, unless only authorised
  std::int64_t refunded = 0;
  std::int64_t expires_at_ms = 0;  ///< of an authorisation: captures are refused from then on

  /// From the body of POST /v1/charges; the error says which member is wrong.
  static Result<Charge> from_request(const json::object& body);
  /// The answer to POST and GET /v1/charges.
  json::object to_answer() const;
  /// One item of the statement.
  json::object to_statement_item() const;
};

/// Inside a unit of work: records the charge, or, when its reference is known, replaces `charge` by what was recorded
/// then. True: it is new. An error of kind usage: the reference was used for another amount, currency or merchant.
Result<bool> record_charge(Connection& connection, Charge& charge);
/// Nothing when the bank never saw the reference.
Result<std::optional<Charge>> find_charge(Connection& reader, const std::string& reference);

/// Charges with after < sequence <= as_of, oldest first, at most `limit`.
Result<std::vector<Charge>> read_statement(Connection& reader, std::int64_t after, std::int64_t as_of,
                                           std::int64_t limit);
Result<std::int64_t> last_sequence(Connection& reader);

/// What is done to a charge: a capture, a refund, a void. The bank does it once per reference.
struct BankOperation {
  std::string reference, charge, kind, currency;
  std::int64_t amount = 0;
  std::string status, reason;  ///< approved or declined
  std::int64_t at_ms = 0;

  static Result<BankOperation> from_request(std::string charge, std::string kind, const json::object& body);
  json::object to_answer() const;
};
/// Inside a unit of work: decides and records, or replaces `operation` by what was recorded for its reference. An error
/// of kind usage: another operation has the reference, or there is no such charge.
Result<bool> record_operation(Connection& connection, BankOperation& operation);
Result<std::optional<BankOperation>> find_operation(Connection& reader, const std::string& reference);

}  // namespace tidegate::platform
