#pragma once
// What the bank is asked to do: a row each, with a deterministic reference, committed before the bank is called.

#include <cstdint>
#include <optional>
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

/// charge: authorize and capture in one step. The last three are commands upon an authorization or a charge.
enum class AttemptKind { charge, authorize, capture, refund, cancel };
std::string_view to_string(AttemptKind kind) noexcept;
bool is_command(AttemptKind kind) noexcept;

struct Attempt {
  std::string reference;  ///< at the bank: the payment id and "-a1", "-a2" in the cascade; the name of a command
  std::string payment, merchant;
  std::int64_t amount = 0;
  std::string currency, card_token, client_key;
  std::string traceparent;
  AttemptKind kind = AttemptKind::charge;
  std::string acquirer = {};
  std::vector<std::string> cascade = {};  ///< the acquirers that come after it
  std::string target = {};                ///< of a command: the reference of the charge that it is about
  std::string settlement_currency = {};   ///< when it is another one

  /// From payment_created, for the first acquirer of the cascade.
  static Result<Attempt> from_event(const Envelope& event);
  /// The next acquirer's: a reference of its own. There must be one.
  Attempt next() const;
};

/// The acquirers of a payment whose event names none: three of the 34, beginning at one that the merchant decides.
std::vector<std::string> default_cascade(std::string_view merchant);

/// A command from its event. The reference of the charge comes from the attempts of the payment; an error when the
/// payment has no approved one (the command came before its authorization, which the order of events excludes).
Result<Attempt> command_from_event(Connection& connection, const Envelope& event);

/// Inside the inbox's transaction; a reference that exists stays as it is.
Result<void> insert_attempt(Connection& connection, const Attempt& attempt);
/// Writes the outcome (approved, declined, rejected); false when it was written before.
Result<bool> resolve_attempt(Connection& connection, const std::string& reference, const BankAnswer& answer);
/// Attempts without an outcome, oldest first: what a new process resumes.
Result<std::vector<Attempt>> open_attempts(Connection& reader);

struct KnownAttempt {
  Attempt attempt;
  std::string status;  ///< open, approved, declined, rejected, expired
};
Result<std::optional<KnownAttempt>> find_attempt(Connection& reader, const std::string& reference);

/// Authorizations beyond their time with nothing captured and no command under way; at most `limit`. Marked expired.
Result<std::vector<Attempt>> expire_authorizations(Connection& connection, std::int64_t now_ms, std::int64_t limit);

/// Items of the export with after < sequence <= as_of.
Result<json::array> read_attempts(Connection& reader, std::int64_t after, std::int64_t as_of, std::int64_t limit,
                                  std::int64_t& last);
Result<std::int64_t> last_attempt(Connection& reader);

}  // namespace tidegate::platform
