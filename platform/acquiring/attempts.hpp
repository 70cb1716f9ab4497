#pragma once
// The attempts to charge: a row each, with a deterministic reference, committed before the bank is called.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "platform/acquiring/charge_flow.hpp"
#include "platform/events/envelope.hpp"
#include "platform/store/store.hpp"

namespace tidegate::platform {

std::span<const Migration> attempt_migrations();

struct Attempt {
  std::string reference;  ///< at the bank: the payment id and "-a1"
  std::string payment, merchant;
  std::int64_t amount = 0;
  std::string currency, card_token, client_key;
  std::string traceparent;

  /// From payment_created.
  static Result<Attempt> from_event(const Envelope& event);
};

/// Inside the inbox's transaction; a reference that exists stays as it is.
Result<void> insert_attempt(Connection& connection, const Attempt& attempt);
/// Writes the outcome (approved, declined, rejected); false when it was written before.
Result<bool> resolve_attempt(Connection& connection, const std::string& reference, const BankAnswer& answer);
/// Attempts without an outcome, oldest first: what a new process resumes.
Result<std::vector<Attempt>> open_attempts(Connection& reader);

/// Items of the export with after < sequence <= as_of.
Result<json::array> read_attempts(Connection& reader, std::int64_t after, std::int64_t as_of, std::int64_t limit,
                                  std::int64_t& last);
Result<std::int64_t> last_attempt(Connection& reader);

}  // namespace tidegate::platform
