#include "platform/ledger/book.hpp"

#include "platform/events/payment_events.hpp"
#include "platform/events/worker_events.hpp"
#include "platform/ledger/payouts.hpp"

namespace tidegate::platform {
namespace {

/// One event's work on one payment.
struct Posting {
  Connection& connection;
  const Envelope& event;
  const Settlement& settlement;
  const Emit& emit;

  Result<void> save(const Standing& standing) const {
    return write_standing(connection, standing, settlement.stream ? "stream" : "batch");
  }

  Result<void> write(const Result<Transfer>& transfer) const {
    if (!transfer) return transfer.error();
    auto written = write_transfer(connection, *transfer);
    if (!written) return written.error();
    if (!*written) return internal_error("a transfer that is written already: " + transfer->payment);
    return {};
  }

  Result<void> write(const Result<Transfer>& transfer, const Standing& standing) const {
    if (auto written = write(transfer); !written) return written;
    return save(standing);
  }

  /// Settles what may settle by now, and saves the standing in any case.
  Result<void> settle_and_save(Standing standing) const {
    if (!settlement.stream || !standing.cleared || standing.reserved() <= 0) return save(standing);
    // A payment settles again when it is captured again: the sum so far tells the transfers apart.
    const std::string reference = standing.settled == 0 ? "" : "after-" + std::to_string(standing.settled);
    const auto transfer = settle(standing, reference);
    if (auto written = write(transfer, standing); !written) return written;
    return emit_settled(*transfer, emit);
  }

  static Result<void> emit_settled(const Transfer& transfer, const Emit& emit) {
    Envelope settled;
    settled.type = event_type::ledger_settled;
    settled.payment = transfer.payment;
    settled.tenant = transfer.merchant;
    settled.data = LedgerMovement{transfer.amount, transfer.currency, 0, transfer.reference}.to_data();
    return emit(std::move(settled));
  }
};

/// Whether the payment has a transfer of that kind and reference.
Result<bool> is_written(Connection& connection, const Standing& standing, TransferKind kind,
                        const std::string& reference) {
  const bool any_of_kind = kind == TransferKind::posted     ? standing.captured > 0
                           : kind == TransferKind::released ? standing.released > 0
                                                            : standing.refunded > 0;
  bool found = false;
  if (!any_of_kind) return found;
  auto read = connection.query("SELECT 1 FROM transfers WHERE payment = ?1 AND kind = ?2 AND reference = ?3",
                               {standing.payment, to_string(kind), reference}, [&](const Row&) {
                                 found = true;
                                 return false;
                               });
  if (!read) return read.error();
  return found;
}

Result<void> begin(const Posting& posting) {
  const Envelope& event = posting.event;
  auto created = PaymentCreated::from_data(event.data);
  if (!created) return created.error();
  auto known = find_standing(posting.connection, event.payment);
  if (!known) return known.error();
  if (*known && (*known)->amount > 0) return {};
  Standing standing{event.payment, event.tenant, created->currency, created->amount};
  if (*known) standing.cleared = (*known)->cleared;  // fraud was faster
  auto written = write_transfer(posting.connection, begin_payment(standing));
  if (!written) return written.error();
  if (*known) {
    auto forgotten = posting.connection.execute("DELETE FROM standings WHERE payment = ?1", {event.payment});
    if (!forgotten) return forgotten.error();
  }
  return posting.save(standing);
}

/// A payment's own standing, or why the event cannot be about it.
Result<Standing> standing_of(const Posting& posting, const PaymentFinished& finished) {
  auto found = find_standing(posting.connection, posting.event.payment);
  if (!found) return found.error();
  if (!*found || (*found)->amount == 0) {
    return internal_error(posting.event.type + " for a payment that the ledger never saw");
  }
  if ((*found)->currency != finished.currency) return internal_error(posting.event.type + " in another currency");
  return std::move(**found);
}

Result<void> post_capture(const Posting& posting, const PaymentFinished& finished, Standing standing) {
  if (finished.reference.empty() && finished.amount != standing.amount) {
    return internal_error("a capture in one step with another amount than the payment's");
  }
  if (auto written = posting.write(capture(standing, finished.amount, finished.reference)); !written) return written;
  if (finished.final_capture && standing.open() > 0) {
    if (auto released = posting.write(release_rest(standing)); !released) return released;
  }
  return posting.settle_and_save(std::move(standing));
}

Result<void> post_release(const Posting& posting, const PaymentFinished& finished, Standing standing) {
  if (standing.captured > 0 && posting.event.type == event_type::payment_declined) {
    return internal_error("a decline of a payment that is captured already");
  }
  if (standing.captured == 0 && finished.amount != standing.amount) {
    return internal_error(posting.event.type + " with another amount than the payment's");
  }
  return posting.write(release_rest(standing), standing);
}

Result<void> finish(const Posting& posting, TransferKind kind) {
  auto finished = PaymentFinished::from_data(posting.event.data);
  if (!finished) return finished.error();
  auto standing = standing_of(posting, *finished);
  if (!standing) return standing.error();
  const std::string reference = kind == TransferKind::released ? "" : finished->reference;
  const auto known = is_written(posting.connection, *standing, kind, reference);
  if (!known) return known.error();
  if (*known) return {};
  if (kind == TransferKind::posted) return post_capture(posting, *finished, std::move(*standing));
  if (kind == TransferKind::released) return post_release(posting, *finished, std::move(*standing));
  return posting.write(refund(*standing, finished->amount, reference), *standing);
}

Result<void> note_decision(const Posting& posting, bool cleared) {
  auto found = find_standing(posting.connection, posting.event.payment);
  if (!found) return found.error();
  Standing standing = *found ? std::move(**found) : Standing{posting.event.payment, posting.event.tenant, ""};
  if (standing.cleared == cleared && *found) return {};
  standing.cleared = cleared;
  return posting.settle_and_save(std::move(standing));
}

}  // namespace

Result<void> post_event(Connection& connection, const Envelope& event, const Settlement& settlement, const Emit& emit) {
  const Posting posting{connection, event, settlement, emit};
  const std::string_view type = event.type;
  if (type == event_type::payment_created) return begin(posting);
  if (type == event_type::payment_captured) return finish(posting, TransferKind::posted);
  if (type == event_type::payment_refunded) return finish(posting, TransferKind::refunded);
  if (type == event_type::payment_declined || type == event_type::payment_cancelled ||
      type == event_type::payment_expired) {
    return finish(posting, TransferKind::released);
  }
  if (type == event_type::fraud_cleared) return note_decision(posting, true);
  if (type == event_type::fraud_held) return note_decision(posting, false);
  if (type == event_type::payout_requested) return reserve_payout(connection, event, emit);
  if (type == event_type::payout_paid) return finish_payout(connection, event, true);
  if (type == event_type::payout_failed) return finish_payout(connection, event, false);
  return {};
}

Result<std::int64_t> settle_due(Connection& connection, const std::string& batch, std::int64_t limit,
                                const Emit& emit) {
  std::vector<std::string> due;
  auto read = connection.query("SELECT payment FROM standings WHERE due = 1 ORDER BY payment LIMIT ?1", {limit},
                               [&](const Row& row) {
                                 due.emplace_back(row.text(0));
                                 return true;
                               });
  if (!read) return read.error();
  for (const std::string& payment : due) {
    auto standing = find_standing(connection, payment);
    if (!standing) return standing.error();
    const auto transfer = settle(**standing, batch);
    if (!transfer) return transfer.error();
    auto written = write_transfer(connection, *transfer);
    if (!written) return written.error();
    if (auto saved = write_standing(connection, **standing, "batch"); !saved) return saved.error();
    if (auto told = Posting::emit_settled(*transfer, emit); !told) return told.error();
  }
  return static_cast<std::int64_t>(due.size());
}

Result<Settlement> Settlement::from_json(const json::object& body) {
  Settlement settlement;
  const std::string mode = string_member(body, "mode").value_or("");
  if (mode == "stream") return settlement;
  if (mode != "batch") return usage_error("mode is 'stream' or 'batch'");
  settlement.stream = false;
  settlement.batch_seconds = integer_member(body, "every_seconds").value_or(300);
  if (settlement.batch_seconds < 1 || settlement.batch_seconds > 86'400) {
    return usage_error("every_seconds is a whole number from 1 to 86400");
  }
  return settlement;
}

json::object Settlement::to_json() const {
  if (stream) return {{"mode", "stream"}};
  return {{"mode", "batch"}, {"every_seconds", batch_seconds}};
}

}  // namespace tidegate::platform
