#pragma once
// The gateway, assembled on a runtime: store, outbox and relay, inbox of acquirer results, payment path, routes.
// It is the only writer of a payment's state.

#include <functional>
#include <memory>

#include "base/result.hpp"
#include "platform/bus/event_bus.hpp"
#include "platform/gateway/payment_path.hpp"
#include "platform/service/runtime.hpp"

namespace tidegate::platform {

/// Puts departures in front of the modern path, or returns it as it is.
using PathComposer = std::function<std::unique_ptr<PaymentPath>(ServiceRuntime&, std::unique_ptr<PaymentPath>)>;

class Gateway {
 public:
  /// Opens the store and adds routes and hooks to the runtime; serving begins with runtime.run(). Make it after the
  /// runtime, so that it goes before it.
  static Result<std::unique_ptr<Gateway>> open(ServiceRuntime& runtime, std::shared_ptr<EventBus> bus,
                                               const PathComposer& compose);
  ~Gateway();

 private:
  struct State;
  explicit Gateway(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// The path that the options ask for: `profile: legacy` turns on serial_hops and pool_35, `switches` set each by name.
std::unique_ptr<PaymentPath> compose_path(ServiceRuntime& runtime, std::unique_ptr<PaymentPath> modern);

}  // namespace tidegate::platform
