#pragma once
// The gateway, assembled on a runtime: store, outbox and relay, inbox of acquirer results, payment path, routes.
// It is the only writer of a payment's state.

#include <functional>
#include <memory>

#include "base/result.hpp"
#include "platform/bus/event_bus.hpp"
#include "platform/gateway/payment_path.hpp"
#include "platform/gateway/status_answers.hpp"
#include "platform/outbox/outbox.hpp"
#include "platform/service/runtime.hpp"

namespace tidegate::platform {

class Shards;
class TenantDirectory;

/// What a payment path may be built on; all of it outlives the path.
struct PathParts {
  ServiceRuntime& runtime;
  Shards& shards;
  const TenantDirectory& tenants;  ///< as they were at the start; more come
};
/// Puts departures in front of the modern path, or returns it as it is.
using PathComposer = std::function<std::unique_ptr<PaymentPath>(const PathParts&, std::unique_ptr<PaymentPath>)>;

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

/// The path and the answers that the options' profile and switches ask for (platform/service/switches.hpp).
std::unique_ptr<PaymentPath> compose_path(const PathParts& parts, std::unique_ptr<PaymentPath> modern);
std::unique_ptr<StatusAnswers> compose_answers(ServiceRuntime& runtime);
Outbox::Partitioner compose_partitioner(const ServiceOptions& options);

}  // namespace tidegate::platform
