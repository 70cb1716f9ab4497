#include "platform/notification/message.hpp"

#include <algorithm>
#include <array>

#include "platform/events/payment_events.hpp"
#include "platform/events/worker_events.hpp"

namespace tidegate::platform {
namespace {

struct Told {
  std::string_view event, type;
  Priority priority;
};
// What went wrong is urgent: somebody waits for it.
constexpr std::array kTold{
    Told{event_type::payment_authorized, "payment.authorized", Priority::normal},
    Told{event_type::payment_captured, "payment.captured", Priority::normal},
    Told{event_type::payment_declined, "payment.declined", Priority::urgent},
    Told{event_type::payment_cancelled, "payment.cancelled", Priority::normal},
    Told{event_type::payment_expired, "payment.expired", Priority::urgent},
    Told{event_type::payment_refunded, "payment.refunded", Priority::normal},
    Told{event_type::payment_settled, "payment.settled", Priority::normal},
    Told{event_type::payment_conflicted, "payment.conflicted", Priority::urgent},
    Told{event_type::operation_refused, "payment.operation_refused", Priority::urgent},
    Told{event_type::payout_paid, "payout.paid", Priority::normal},
    Told{event_type::payout_failed, "payout.failed", Priority::urgent},
    Told{event_type::payout_refused, "payout.refused", Priority::urgent},
    Told{event_type::wallet_credited, "wallet.credited", Priority::normal},
    Told{event_type::wallet_debited, "wallet.debited", Priority::urgent},
};

std::string_view subject_of(std::string_view type) {
  return type.substr(0, type.find('.'));
}

}  // namespace

std::optional<Message> message_about(const Envelope& event) {
  const auto found = std::ranges::find(kTold, std::string_view(event.type), &Told::event);
  if (found == kTold.end()) return std::nullopt;
  json::object data = event.data;
  data[subject_of(found->type)] = event.payment;
  const json::object payload{
      {"id", event.id}, {"type", found->type}, {"occurred_at_ms", event.occurred_at_ms}, {"data", std::move(data)}};
  return Message{std::string(found->type), json::serialize(payload), found->priority};
}

}  // namespace tidegate::platform
