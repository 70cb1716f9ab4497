#pragma once
// What a tenant is told about an event. Pure.

#include <optional>
#include <string>

#include "platform/events/envelope.hpp"
#include "platform/notification/queue.hpp"

namespace tidegate::platform {

struct Message {
  std::string type;     ///< "payment.captured"
  std::string payload;  ///< {"id","type","timestamp","data":{...}}
  Priority priority = Priority::normal;
};

/// Nothing for events that are the platform's own business: commands, payment_created, reservations.
std::optional<Message> message_about(const Envelope& event);

}  // namespace tidegate::platform
