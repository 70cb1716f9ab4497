#include "audit/records.hpp"

#include <array>
#include <charconv>

#include "audit/line_parser.hpp"
#include "base/random.hpp"
#include "record/truth.hpp"

namespace tidegate::audit {
namespace {

using enum Member::Type;
constexpr auto kOptional = Member::Need::optional;

/// What keeps a record from being understood; empty when nothing does.
using Problem = std::string;

/// Decodes line after line into one record, until one cannot be decoded.
template <typename Record, std::size_t count>
Result<void> read_lines(const record::RunDirectory& directory, const std::string& name,
                        std::array<Member, count> members,
                        const std::function<Problem(std::array<Member, count>&, Record&)>& decode,
                        const Visit<Record>& visit) {
  LineParser parser;
  std::uint64_t number = 0;
  Problem problem;
  auto read = record::read_truth(directory.truth(name + ".ndjson.zst"), [&](std::string_view line) {
    ++number;
    Record record;
    problem = parser.parse(line, members) ? decode(members, record) : parser.problem();
    if (!problem.empty()) return false;
    visit(record, line);
    return true;
  });
  if (!problem.empty()) return protocol_error("record " + std::to_string(number) + ": " + problem);
  return read;
}

Problem take_currency(const Member& member, Currency& currency) {
  const auto known = currency_from(member.text);
  if (!known) return "unknown currency '" + std::string(member.text) + "'";
  currency = *known;
  return {};
}

Problem take_amount(const Member& member, std::int64_t& amount) {
  if (member.number < 0) return "'" + std::string(member.name) + "' is below zero";
  amount = member.number;
  return {};
}

std::optional<ChargeStatus> charge_status(std::string_view text) {
  if (text == "approved") return ChargeStatus::approved;
  if (text == "declined") return ChargeStatus::declined;
  if (text == "voided") return ChargeStatus::voided;
  return std::nullopt;
}

std::optional<ChargeKind> charge_kind(const Member& member) {
  if (!member.present || member.text == "charge" || member.text == "authorization") return ChargeKind::charge;
  if (member.text == "capture") return ChargeKind::capture;
  if (member.text == "refund") return ChargeKind::refund;
  return std::nullopt;
}

bool is_share_of_captured(std::string_view account) {
  return account == "merchant-payable" || account == "reserve" || account == "paid-out" || account == "fees";
}

Problem take_direction(const Member& member, bool& debit) {
  if (member.text != "debit" && member.text != "credit") return "'direction' is neither debit nor credit";
  debit = member.text == "debit";
  return {};
}

Identity account_identity(std::string_view account, std::string_view owner, std::string_view currency) {
  std::string name(account);
  return identity_of(name.append(1, '\n').append(owner).append(1, '\n').append(currency));
}

std::optional<State> announced_state(std::string_view type) {
  constexpr std::string_view prefix = "payment_";
  if (!type.starts_with(prefix)) return std::nullopt;
  // A refund may be of a part: all that is sure is that money had been taken before.
  if (type == "payment_refunded") return State::refund_pending;
  return state_from(type.substr(prefix.size()));
}

}  // namespace

std::uint64_t topic_of(std::string_view stream) noexcept {
  const std::size_t first = stream.find('/');
  const std::size_t last = stream.rfind('/');
  if (first == std::string_view::npos || first == last) return stable_hash(stream);
  return stable_hash(stream.substr(first + 1, last - first - 1));
}

Result<void> read_payments(const record::RunDirectory& directory, const std::string& name,
                           const Visit<Payment>& visit) {
  const std::array<Member, 10> members{{{"id", identifier},
                                        {"tenant", identifier},
                                        {"key", identifier},
                                        {"scope", text},
                                        {"amount", integer},
                                        {"currency", text},
                                        {"status", text},
                                        {"created_at_ms", integer, kOptional},
                                        {"captured", integer, kOptional},
                                        {"refunded", integer, kOptional}}};
  return read_lines<Payment, 10>(
      directory, name, members,
      [](auto& m, Payment& payment) -> Problem {
        payment.id = identity_of(m[0].text);
        payment.tenant = identity_of(m[1].text);
        payment.key = identity_of(m[2].text);
        const char* const end = m[3].text.data() + m[3].text.size();
        const auto scope = std::from_chars(m[3].text.data(), end, payment.scope, 16);
        if (scope.ec != std::errc{} || scope.ptr != end) return "'scope' is not 16 hex digits";
        if (auto problem = take_amount(m[4], payment.amount); !problem.empty()) return problem;
        if (auto problem = take_currency(m[5], payment.currency); !problem.empty()) return problem;
        const auto state = state_from(m[6].text);
        if (!state) return "unknown state '" + std::string(m[6].text) + "'";
        payment.state = *state;
        payment.created_ms = m[7].present ? m[7].number : 0;
        payment.captured = !is_captured(*state) ? 0 : m[8].present ? m[8].number : payment.amount;
        payment.refunded = m[9].present ? m[9].number : *state == State::refunded ? payment.captured : 0;
        return {};
      },
      visit);
}

Result<void> read_charges(const record::RunDirectory& directory, const std::string& name, const Visit<Charge>& visit) {
  const std::array<Member, 8> members{{{"reference", identifier},
                                       {"client_key", identifier},
                                       {"merchant", identifier},
                                       {"amount", integer},
                                       {"currency", text},
                                       {"status", text},
                                       {"kind", text, kOptional},
                                       {"at_ms", integer, kOptional}}};
  return read_lines<Charge, 8>(
      directory, name, members,
      [](auto& m, Charge& charge) -> Problem {
        charge.reference = identity_of(m[0].text);
        charge.key = identity_of(m[1].text);
        charge.merchant = identity_of(m[2].text);
        if (auto problem = take_amount(m[3], charge.amount); !problem.empty()) return problem;
        if (auto problem = take_currency(m[4], charge.currency); !problem.empty()) return problem;
        const auto status = charge_status(m[5].text);
        if (!status) return "unknown status '" + std::string(m[5].text) + "'";
        const auto kind = charge_kind(m[6]);
        if (!kind) return "unknown kind '" + std::string(m[6].text) + "'";
        charge.status = *status;
        charge.kind = *kind;
        charge.at_ms = m[7].present ? m[7].number : 0;
        return {};
      },
      visit);
}

Result<void> read_bank_calls(const record::RunDirectory& directory, const std::string& name,
                             const Visit<BankCall>& visit) {
  const std::array<Member, 7> members{{{"reference", identifier},
                                       {"payment", identifier},
                                       {"amount", integer},
                                       {"currency", text},
                                       {"status", text},
                                       {"created_at_ms", integer, kOptional},
                                       {"kind", text, kOptional}}};
  bool charges = true;  // whether the record is a charge, not a capture, refund or cancellation of one
  return read_lines<BankCall, 7>(
      directory, name, members,
      [&charges](auto& m, BankCall& call) -> Problem {
        call.reference = identity_of(m[0].text);
        call.payment = identity_of(m[1].text);
        if (auto problem = take_amount(m[2], call.amount); !problem.empty()) return problem;
        if (auto problem = take_currency(m[3], call.currency); !problem.empty()) return problem;
        call.status = charge_status(m[4].text);
        call.at_ms = m[5].present ? m[5].number : 0;
        charges = !m[6].present || m[6].text == "charge" || m[6].text == "authorization" || m[6].text == "authorize";
        return {};
      },
      [&](const BankCall& call, std::string_view line) {
        if (charges) visit(call, line);
      });
}

Result<void> read_entries(const record::RunDirectory& directory, const std::string& name, const Visit<Entry>& visit) {
  const std::array<Member, 10> members{{{"sequence", integer},
                                        {"transfer", identifier},
                                        {"payment", identifier},
                                        {"kind", text},
                                        {"account", text},
                                        {"direction", text},
                                        {"amount", integer},
                                        {"currency", text},
                                        {"merchant", identifier, kOptional},
                                        {"limit", integer, kOptional}}};
  return read_lines<Entry, 10>(
      directory, name, members,
      [](auto& m, Entry& entry) -> Problem {
        entry.sequence = m[0].number;
        entry.transfer = identity_of(m[1].text);
        entry.payment = identity_of(m[2].text);
        entry.posted = m[3].text != "pending" && m[3].text != "released";
        entry.kind = is_share_of_captured(m[4].text) ? Account::share_of_captured : Account::other;
        if (auto problem = take_direction(m[5], entry.debit); !problem.empty()) return problem;
        entry.amount = m[6].number;
        if (auto problem = take_currency(m[7], entry.currency); !problem.empty()) return problem;
        // A wallet may not go below zero unless its entries say how far; other accounts have no limit of their own.
        entry.has_limit = m[9].present || (m[4].text.starts_with("wallet:") || m[4].text.starts_with("wallet/"));
        if (!entry.has_limit) return {};
        entry.limit = m[9].present ? m[9].number : 0;
        entry.account = account_identity(m[4].text, m[8].present ? m[8].text : "", m[7].text);
        return {};
      },
      visit);
}

Result<void> read_wallet_entries(const record::RunDirectory& directory, const std::string& name,
                                 const Visit<WalletEntry>& visit) {
  const std::array<Member, 7> members{{{"sequence", integer},
                                       {"wallet", identifier},
                                       {"direction", text},
                                       {"amount", integer},
                                       {"currency", text},
                                       {"balance", integer, kOptional},
                                       {"limit", integer, kOptional}}};
  return read_lines<WalletEntry, 7>(
      directory, name, members,
      [](auto& m, WalletEntry& wallet) -> Problem {
        wallet.entry.sequence = m[0].number;
        wallet.entry.account = account_identity("wallet", m[1].text, m[4].text);
        wallet.entry.payment = identity_of(m[1].text);
        if (auto problem = take_direction(m[2], wallet.entry.debit); !problem.empty()) return problem;
        if (auto problem = take_amount(m[3], wallet.entry.amount); !problem.empty()) return problem;
        if (auto problem = take_currency(m[4], wallet.entry.currency); !problem.empty()) return problem;
        wallet.has_balance = m[5].present;
        wallet.balance = wallet.has_balance ? m[5].number : 0;
        wallet.entry.has_limit = true;  // a wallet without one may not go below zero
        wallet.entry.limit = m[6].present ? m[6].number : 0;
        return {};
      },
      visit);
}

Result<void> read_events(const record::RunDirectory& directory, const std::string& name, const Notifies& notifies,
                         const Visit<Event>& visit) {
  const std::array<Member, 6> members{{{"id", identifier},
                                       {"type", text},
                                       {"payment", identifier},
                                       {"stream", text},
                                       {"sequence", integer},
                                       {"occurred_at", integer, kOptional}}};
  return read_lines<Event, 6>(
      directory, name, members,
      [&](auto& m, Event& event) -> Problem {
        event.id = identity_of(m[0].text);
        event.leads_to = announced_state(m[1].text);
        event.creates = m[1].text == "payment_created";
        event.notifies = notifies(m[1].text);
        event.payment = identity_of(m[2].text);
        event.stream = stable_hash(m[3].text);
        event.sequence = m[4].number;
        event.at_ms = m[5].present ? m[5].number : 0;
        event.topic = topic_of(m[3].text);
        return event.sequence < 1 ? Problem("'sequence' is below 1") : Problem{};
      },
      visit);
}

Result<void> read_applications(const record::RunDirectory& directory, const std::string& name, std::uint64_t group,
                               const Visit<Application>& visit) {
  const std::array<Member, 3> members{{{"stream", text}, {"sequence", integer}, {"event", identifier, kOptional}}};
  return read_lines<Application, 3>(
      directory, name, members,
      [group](auto& m, Application& application) -> Problem {
        application.group = group;
        application.stream = stable_hash(m[0].text);
        application.topic = topic_of(m[0].text);
        application.sequence = m[1].number;
        application.through = !m[2].present;  // a consumer that keeps the last number of each stream
        application.event = m[2].present ? identity_of(m[2].text) : Identity{};
        return {};
      },
      visit);
}

Result<void> read_deliveries(const record::RunDirectory& directory, const std::string& name,
                             const Visit<Delivery>& visit) {
  const std::array<Member, 4> members{
      {{"event", identifier}, {"t_ns", integer}, {"signature", text}, {"status", integer}}};
  return read_lines<Delivery, 4>(
      directory, name, members,
      [](auto& m, Delivery& delivery) -> Problem {
        delivery.event = identity_of(m[0].text);
        delivery.at_ns = m[1].number;
        delivery.genuine = m[2].text == "valid";
        delivery.accepted = m[3].number >= 200 && m[3].number < 300;
        return {};
      },
      visit);
}

Result<void> read_dead_letters(const record::RunDirectory& directory, const std::string& name,
                               const Visit<Delivery>& visit) {
  const std::array<Member, 2> members{{{"event", identifier}, {"state", text, kOptional}}};
  return read_lines<Delivery, 2>(
      directory, name, members,
      [](auto& m, Delivery& delivery) -> Problem {
        delivery.event = identity_of(m[0].text);
        // An export of all deliveries says which are dead; one of dead letters has nothing else.
        delivery.dead_letter = !m[1].present || m[1].text == "dead";
        return {};
      },
      [&visit](const Delivery& delivery, std::string_view line) {
        if (delivery.dead_letter) visit(delivery, line);
      });
}

}  // namespace tidegate::audit
