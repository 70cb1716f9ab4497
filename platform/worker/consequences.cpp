#include "platform/worker/consequences.hpp"

#include "platform/service/trace_context.hpp"

namespace tidegate::platform {

Result<void> Consequences::append(Connection& connection, const Envelope& cause, Envelope event) {
  if (event.traceparent.empty()) event.traceparent = continue_trace(cause.traceparent);
  if (auto appended = outbox_.append(connection, event); !appended) return appended;
  uncommitted_[cause.id].push_back(std::move(event));
  return {};
}

void Consequences::committed(const Envelope& cause) {
  const auto found = uncommitted_.find(cause.id);
  if (found == uncommitted_.end()) return;
  for (const Envelope& event : found->second) outbox_.committed(event);
  uncommitted_.erase(found);
}

}  // namespace tidegate::platform
