#include "audit/model.hpp"

#include <array>

namespace tidegate::audit {
namespace {

constexpr std::array<std::string_view, 15> kNames = {
    "processing", "requires_action", "authorized", "capture_pending",    "partially_captured",
    "captured",   "settled",         "declined",   "cancel_pending",     "cancelled",
    "expired",    "refund_pending",  "refunded",   "partially_refunded", "conflicted"};

// How far a payment has come. A refund that is under way counts as what it came from.
int rank_of(State state) {
  switch (state) {
    case State::processing:
    case State::requires_action:
      return 0;
    case State::authorized:
    case State::capture_pending:
    case State::cancel_pending:
      return 1;
    case State::partially_captured:
      return 2;
    case State::captured:
    case State::refund_pending:
      return 3;
    case State::settled:
      return 4;
    case State::partially_refunded:
      return 5;
    case State::refunded:
      return 6;
    case State::declined:
    case State::cancelled:
    case State::expired:
    case State::conflicted:
      return 7;
  }
  return 0;
}

}  // namespace

std::string_view to_string(State state) {
  return kNames.at(static_cast<std::size_t>(state));
}

std::optional<State> state_from(std::string_view text) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == text) return static_cast<State>(i);
  }
  return std::nullopt;
}

bool is_transient(State state) {
  return state == State::processing || state == State::capture_pending || state == State::cancel_pending ||
         state == State::refund_pending;
}

bool is_terminal(State state) {
  return is_captured(state) ? state != State::refund_pending && state != State::partially_captured
                            : owes_nothing(state);
}

bool needs_approval(State state) {
  return is_captured(state) || state == State::authorized || state == State::capture_pending ||
         state == State::cancel_pending;
}

bool is_captured(State state) {
  switch (state) {
    case State::partially_captured:
    case State::captured:
    case State::settled:
    case State::refund_pending:
    case State::refunded:
    case State::partially_refunded:
      return true;
    case State::processing:
    case State::requires_action:
    case State::authorized:
    case State::capture_pending:
    case State::declined:
    case State::cancel_pending:
    case State::cancelled:
    case State::expired:
    case State::conflicted:
      return false;
  }
  return false;
}

bool owes_nothing(State state) {
  return state == State::declined || state == State::cancelled || state == State::expired;
}

BankMoney money_of(std::span<const Charge> charges) {
  BankMoney money;
  for (const Charge& charge : charges) {
    std::int64_t sign = charge.status == ChargeStatus::approved ? 1 : 0;
    if (charge.status == ChargeStatus::voided) {
      for (const Charge& other : charges) {
        if (other.status == ChargeStatus::approved && other.reference == charge.reference) sign = -1;
      }
    }
    std::int64_t& account = charge.kind == ChargeKind::charge    ? money.charged
                            : charge.kind == ChargeKind::capture ? money.captured
                                                                 : money.refunded;
    account += sign * charge.amount;
  }
  return money;
}

bool goes_back(State known, State seen) {
  if (seen == State::refund_pending) return known == State::refunded || owes_nothing(known);
  if (owes_nothing(seen) && is_captured(known)) return true;
  if (owes_nothing(seen) && owes_nothing(known)) return seen != known;
  return rank_of(seen) < rank_of(known);
}

}  // namespace tidegate::audit
