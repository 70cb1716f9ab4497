#include "platform/ledger/payouts.hpp"

#include "platform/events/worker_events.hpp"

namespace tidegate::platform {
namespace {

Transfer movement(const Envelope& event, const PayoutData& payout, TransferKind kind, std::string_view from,
                  std::string_view to) {
  return move(kind, event.payment, "", event.tenant, payout.currency, from, to, payout.amount);
}

Result<void> answer(const Envelope& event, const PayoutData& payout, std::string_view type, std::string reason,
                    const Emit& emit) {
  Envelope told;
  told.type = type;
  told.payment = event.payment;
  told.tenant = event.tenant;
  told.data = LedgerMovement{payout.amount, payout.currency, 0, payout.batch, std::move(reason)}.to_data();
  return emit(std::move(told));
}

Result<bool> has_transfer(Connection& connection, const std::string& payout, TransferKind kind) {
  bool found = false;
  auto read = connection.query("SELECT 1 FROM transfers WHERE payment = ?1 AND kind = ?2", {payout, to_string(kind)},
                               [&](const Row&) {
                                 found = true;
                                 return false;
                               });
  if (!read) return read.error();
  return found;
}

}  // namespace

Result<void> reserve_payout(Connection& connection, const Envelope& event, const Emit& emit) {
  auto payout = PayoutData::from_data(event.data);
  if (!payout) return payout.error();
  const auto known = has_transfer(connection, event.payment, TransferKind::payout_reserved);
  if (!known) return known.error();
  if (*known) return {};
  const auto balance = balance_of(connection, account::merchant_payable, event.tenant, payout->currency);
  if (!balance) return balance.error();
  if (*balance < payout->amount) {
    return answer(event, *payout, event_type::payout_refused, "insufficient_balance", emit);
  }
  auto written = write_transfer(
      connection, movement(event, *payout, TransferKind::payout_reserved, account::merchant_payable, account::reserve));
  if (!written) return written.error();
  return answer(event, *payout, event_type::payout_reserved, "", emit);
}

Result<void> finish_payout(Connection& connection, const Envelope& event, bool paid) {
  auto payout = PayoutData::from_data(event.data);
  if (!payout) return payout.error();
  const auto reserved = has_transfer(connection, event.payment, TransferKind::payout_reserved);
  if (!reserved) return reserved.error();
  if (!*reserved) {
    if (!paid) return {};  // it was refused: nothing to return
    return internal_error("a payout was paid that was never reserved: " + event.payment);
  }
  const TransferKind other = paid ? TransferKind::payout_returned : TransferKind::payout_paid;
  const auto contradicted = has_transfer(connection, event.payment, other);
  if (!contradicted) return contradicted.error();
  if (*contradicted) return internal_error("a payout finished both ways: " + event.payment);
  const TransferKind kind = paid ? TransferKind::payout_paid : TransferKind::payout_returned;
  const std::string_view to = paid ? account::paid_out : account::merchant_payable;
  auto written = write_transfer(connection, movement(event, *payout, kind, account::reserve, to));
  if (!written) return written.error();
  return {};
}

}  // namespace tidegate::platform
