#pragma once
// The independent model: what a payment system's own account may say, and what it means. It shares no code with any
// system under test, and is meant to be read in one sitting. Money is whole minor units; names are identities; a record
// has a fixed size, so that tens of millions of them can be partitioned on disk and sorted in memory.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "audit/currency.hpp"
#include "audit/identity.hpp"

namespace tidegate::audit {

enum class State : std::uint8_t {
  processing,
  requires_action,
  authorized,
  capture_pending,
  partially_captured,
  captured,
  settled,
  declined,
  cancel_pending,
  cancelled,
  expired,
  refund_pending,
  refunded,
  partially_refunded,
  conflicted,
};
std::string_view to_string(State state);
std::optional<State> state_from(std::string_view text);

/// On its way: it becomes something else without anybody asking. `processing` and every `*_pending`.
bool is_transient(State state);
/// Nobody's request changes it any more, or only forward (a captured payment can still be refunded).
bool is_terminal(State state);
/// The bank has approved it and has not let it go.
bool needs_approval(State state);
/// Money was taken, and perhaps given back in part.
bool is_captured(State state);
/// The bank may hold nothing for it: nothing was approved, or all of it was voided.
bool owes_nothing(State state);
/// Showing `seen` after `known` was acknowledged means that the reader, or the system, went back in time. A refund may
/// begin and be refused, so `refund_pending` and what it came from follow each other either way.
bool goes_back(State known, State seen);

/// A payment as the platform exports it.
struct Payment {
  Identity id, key, tenant;
  std::uint64_t scope = 0;  ///< the hash of the client's scope, as in the history
  std::int64_t amount = 0;
  std::int64_t captured = 0;  ///< in a captured state: `captured`, or the amount; else 0
  std::int64_t refunded = 0;  ///< `refunded`; of a payment `refunded` without one, all that was captured
  std::int64_t created_ms = 0;
  Currency currency = 0;
  State state = State::processing;
};

enum class ChargeKind : std::uint8_t { charge, capture, refund };
enum class ChargeStatus : std::uint8_t { approved, declined, voided };

/// A line of the bank's statement: the outside witness. It keeps the client's own key, so that a mistake in the
/// platform's mapping cannot hide a second charge.
struct Charge {
  Identity reference, key, merchant;
  std::int64_t amount = 0;
  std::int64_t at_ms = 0;  ///< 0: not said
  Currency currency = 0;
  ChargeKind kind = ChargeKind::charge;
  ChargeStatus status = ChargeStatus::approved;
};

/// What the bank holds of one key's money. Authorizations and captures are two accounts of the same money.
struct BankMoney {
  std::int64_t charged = 0, captured = 0, refunded = 0;
  /// The most that it ever took, and what it still has.
  std::int64_t taken() const { return captured > charged ? captured : charged; }
  std::int64_t held() const { return (captured > 0 ? captured : charged) - refunded; }
};
/// A voided line stands for itself, or takes back an approved line of the same reference.
BankMoney money_of(std::span<const Charge> charges);

/// A call to the bank as the platform recorded it: what the statement is reconciled with.
struct BankCall {
  Identity reference, payment;
  std::int64_t amount = 0;
  std::int64_t at_ms = 0;
  Currency currency = 0;
  std::optional<ChargeStatus> status;  ///< none: the platform does not know (yet)
};

/// Where an entry stands. Captured money is owed to the merchant, kept in reserve, paid out, or the platform's fee.
enum class Account : std::uint8_t { other, share_of_captured };

/// One side of a transfer in the ledger.
struct Entry {
  Identity transfer, payment, account;  ///< account: name and owner together
  std::int64_t sequence = 0;
  std::int64_t amount = 0;
  std::int64_t limit = 0;  ///< with has_limit: the balance (credits minus debits) may not go below minus this
  Currency currency = 0;
  Account kind = Account::other;
  bool posted = false;  ///< of a transfer that moves money, not one that is pending or released
  bool debit = false;
  bool has_limit = false;
};

/// What one whole transfer did to the captured money of a payment.
struct Posting {
  Identity payment;
  std::uint64_t transfer = 0;  ///< half of its identity: told apart within one payment only
  std::int64_t begins = 0;     ///< number of the first entry of the transfer's block
  std::int64_t share = 0;      ///< onto the accounts that share the captured amount
  std::int64_t sequence = 0;
  bool posted = false;
};

/// A published event, in the order of the outbox.
struct Event {
  Identity id, payment;
  std::uint64_t stream = 0, topic = 0;  ///< hashes of their names
  std::int64_t sequence = 0;
  std::int64_t at_ms = 0;
  std::optional<State> leads_to;  ///< the state that its type announces; none: it says nothing of the state
  bool creates = false;           ///< the first event of a payment
  bool notifies = false;          ///< a customer is to be told
};

/// One event that one consumer has applied. With `through`, all up to this number of the stream.
struct Application {
  Identity event;  ///< empty: the consumer keeps numbers only
  std::uint64_t group = 0, stream = 0, topic = 0;
  std::int64_t sequence = 0;
  bool through = false;
};

/// A webhook as the harness's own sink got it, or a dead letter of the platform.
struct Delivery {
  Identity event;
  std::int64_t at_ns = 0;  ///< run clock
  bool genuine = true;     ///< the signature is right
  bool accepted = false;   ///< the sink said 2xx
  bool dead_letter = false;
};

/// A read of a payment's state by the harness.
struct Observation {
  Identity payment;
  std::int64_t sent_ns = 0, seen_ns = 0;  ///< run clock
  State state = State::processing;
};

}  // namespace tidegate::audit
