#pragma once
// A payment in one transaction: idempotency key, payment row and outbox event commit together, then it is answered 202.
// Everything else happens behind the events.

#include <memory>
#include <string>
#include <unordered_map>

#include "platform/gateway/flight.hpp"
#include "platform/gateway/payment_path.hpp"
#include "platform/gateway/recent_payments.hpp"
#include "platform/gateway/sequence.hpp"
#include "platform/outbox/outbox.hpp"
#include "platform/service/metrics.hpp"
#include "platform/store/store.hpp"

namespace tidegate::platform {

/// Used on one loop; what it refers to outlives it, and the store is stopped before it goes.
class ModernPath final : public PaymentPath {
 public:
  struct Parts {
    asio::any_io_executor loop;
    Store& store;
    Outbox& outbox;
    CommitSequence& sequence;
    RecentPayments& recent;
    Metrics& metrics;
  };
  explicit ModernPath(Parts parts);

  asio::awaitable<http::Response> pay(PaymentCommand command) override;
  asio::awaitable<void> stop() override { co_return; }

 private:
  void launch(const std::string& name, std::shared_ptr<Flight> flight);
  void land(const std::string& name, Flight& flight, Result<void> outcome);
  Result<void> write(Connection& connection, Flight& flight);
  http::Response answer(const Flight& flight, bool joined);

  Parts parts_;
  Counter& replays_;
  Counter& joined_;
  std::unordered_map<std::string, std::shared_ptr<Flight>> in_flight_;  // by merchant and key
  Nanoseconds next_complaint_{0};
};

}  // namespace tidegate::platform
