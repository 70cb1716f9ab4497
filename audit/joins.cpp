#include "audit/joins.hpp"

#include <tuple>

#include "audit/sorted_part.hpp"

namespace tidegate::audit {
namespace {

template <typename Record, typename NameOf, typename Order>
auto load(const Partitions<Record>& partitions, std::size_t part, NameOf name_of, const Order& order) {
  return SortedPart<Record, NameOf>::load(partitions, part, name_of, order);
}

template <typename Record, typename NameOf>
auto load(const Partitions<Record>& partitions, std::size_t part, NameOf name_of) {
  return load(partitions, part, name_of,
              [name_of](const Record& a, const Record& b) { return name_of(a) < name_of(b); });
}

template <typename... Parts>
Result<void> first_error(const Parts&... parts) {
  Result<void> error;
  const auto look = [&error](const auto& part) {
    if (!part.ok() && error.ok()) error = part.error();
  };
  (look(parts), ...);
  return error;
}

constexpr const char* kShownTwice = "a payment's id stands in it more than once";

}  // namespace

Result<void> join_payments(Evidence& evidence, std::size_t part, const Terms& terms,
                           const std::vector<Asking>& asking) {
  const auto id_of = [](const Payment& payment) { return payment.id; };
  const auto payment_of = [](const auto& record) { return record.payment; };
  auto payments = load(evidence.payments_by_id, part, id_of);
  auto after = load(evidence.after_by_id, part, id_of);
  auto postings = load(evidence.postings, part, payment_of);
  auto events = load(evidence.events_by_payment, part, payment_of, [](const Event& a, const Event& b) {
    return std::tie(a.payment, a.stream, a.sequence) < std::tie(b.payment, b.stream, b.sequence);
  });
  auto reads = load(evidence.reads, part, payment_of, [](const Observation& a, const Observation& b) {
    return std::tie(a.payment, a.seen_ns) < std::tie(b.payment, b.seen_ns);
  });
  if (auto error = first_error(payments, after, postings, events, reads); !error) return error;
  while (!all_at_end(*payments, *after, *postings, *events, *reads)) {
    PaymentCase one{.payment = least_name(*payments, *after, *postings, *events, *reads)};
    const auto before = payments->take(one.payment);
    const auto later = after->take(one.payment);
    if (before.size() > 1) evidence.note_broken("payments", kShownTwice);
    if (later.size() > 1) evidence.note_broken("payments-after", kShownTwice);
    one.before = before.empty() ? nullptr : &before.front();
    one.after = evidence.unchanged() ? one.before : later.empty() ? nullptr : &later.front();
    one.postings = postings->take(one.payment);
    one.events = events->take(one.payment);
    one.reads = reads->take(one.payment);
    for (const Asking& asks : asking) {
      if (asks.checker->payment != nullptr) asks.checker->payment(one, terms, *asks.finding);
    }
  }
  return {};
}

Result<void> join_numbers(Evidence& evidence, std::size_t part, const Terms& terms, const std::vector<Asking>& asking) {
  const auto number_of = [](const auto& record) { return number_identity(record.stream, record.sequence); };
  auto events = load(evidence.events_by_number, part, number_of);
  auto applications = load(evidence.applications, part, number_of);
  if (auto error = first_error(events, applications); !error) return error;
  const std::function<bool(std::uint64_t, const Event&)> through = [&](std::uint64_t group, const Event& event) {
    const auto found = evidence.through.find({group, event.stream});
    return found != evidence.through.end() && event.sequence <= found->second;
  };
  while (!all_at_end(*events, *applications)) {
    const Identity number = least_name(*events, *applications);
    const auto published = events->take(number);
    NumberCase one{.event = published.empty() ? nullptr : &published.front(),
                   .applications = applications->take(number),
                   .through = &through};
    // What was published while the consumers were read stands in nobody's export of events.
    if (one.event == nullptr && !evidence.unchanged()) continue;
    if (one.event == nullptr && !evidence.heads.contains(one.applications.front().stream)) {
      for (const Asking& asks : asking)
        asks.finding->unknown("a consumer has applied a stream whose events nobody exports");
      continue;
    }
    if (one.event != nullptr) {
      const auto groups = evidence.groups_of_topic.find(one.event->topic);
      if (groups != evidence.groups_of_topic.end()) one.groups = &groups->second;
    }
    for (const Asking& asks : asking) {
      if (asks.checker->number != nullptr) asks.checker->number(one, terms, *asks.finding);
    }
  }
  return {};
}

Result<void> join_notices(Evidence& evidence, std::size_t part, const Terms& terms, const std::vector<Asking>& asking) {
  auto events = load(evidence.events_by_id, part, [](const Event& event) { return event.id; });
  auto deliveries = load(evidence.deliveries, part, [](const Delivery& delivery) { return delivery.event; });
  if (auto error = first_error(events, deliveries); !error) return error;
  while (!all_at_end(*events, *deliveries)) {
    const Identity event = least_name(*events, *deliveries);
    const auto published = events->take(event);
    const NoticeCase one{.event = published.empty() ? nullptr : &published.front(),
                         .deliveries = deliveries->take(event)};
    for (const Asking& asks : asking) {
      if (asks.checker->notice != nullptr) asks.checker->notice(one, terms, *asks.finding);
    }
  }
  return {};
}

Result<void> join_references(Evidence& evidence, std::size_t part, const Terms& terms,
                             const std::vector<Asking>& asking) {
  const auto reference_of = [](const auto& record) { return record.reference; };
  auto calls = load(evidence.calls, part, reference_of);
  auto charges = load(evidence.charges_by_reference, part, reference_of);
  if (auto error = first_error(calls, charges); !error) return error;
  while (!all_at_end(*calls, *charges)) {
    const Identity reference = least_name(*calls, *charges);
    const auto recorded = calls->take(reference);
    const ReferenceCase one{.calls = recorded, .charges = charges->take(reference)};
    for (const Asking& asks : asking) {
      if (asks.checker->reference != nullptr) asks.checker->reference(one, terms, *asks.finding);
    }
  }
  return {};
}

}  // namespace tidegate::audit
