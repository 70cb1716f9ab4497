#pragma once
// Sends deliveries until they are taken or given up: many at once, the urgent first, with back-off and jitter.

#include <functional>
#include <map>
#include <memory>
#include <mutex>

#include "base/asio.hpp"
#include "base/http/client.hpp"
#include "platform/notification/deliveries.hpp"
#include "platform/outbox/outbox.hpp"
#include "platform/service/metrics.hpp"
#include "platform/store/store.hpp"
#include "platform/worker/pauses.hpp"

namespace tidegate::platform {

/// `GET|PUT /admin/notifications`.
struct SendingLimits {
  std::int64_t attempts = 8;          ///< then it is a dead letter
  std::int64_t first_delay_ms = 500;  ///< doubled per failure, a random half of it taken off
  std::int64_t longest_delay_ms = 60'000;
  std::int64_t timeout_ms = 5'000;  ///< of one attempt
  std::int64_t sink_ms = 0;         ///< how long the providers take that sinks stand for
  std::int64_t alert_at = 100;      ///< dead letters

  json::object to_json() const;
  Result<SendingLimits> changed(const json::object& changes) const;
};

/// The endpoints in memory, by tenant. Thread-safe.
class EndpointDirectory {
 public:
  void put(Endpoint endpoint);
  void remove(const std::string& tenant, const std::string& id);
  /// Those of the tenant that want the type.
  std::vector<Endpoint> wanting(const std::string& tenant, std::string_view type) const;
  std::vector<Endpoint> of(const std::string& tenant) const;
  std::optional<Endpoint> find(const std::string& id) const;

 private:
  mutable std::mutex mutex_;
  std::multimap<std::string, Endpoint> endpoints_;
};

/// Lives on one loop. What stop() or a crash leaves undone is pending in the store: an attempt whose answer was not
/// noted is made again, with the same webhook-id (at least once).
class Sender {
 public:
  static constexpr std::size_t kAtOnce = 128;

  struct Parts {
    asio::any_io_executor executor;
    Store& store;
    Connection& reader;  ///< the loop's
    Outbox& delivered;
    Outbox& dead_letters;
    const EndpointDirectory& endpoints;
    Metrics& metrics;
    /// Inside a unit of work: what becomes of a delivery that was given up. False: nobody is to hear of it.
    Result<bool> (*give_up)(Connection&, const PendingDelivery&) = bury;
    DeliveryQueue::Order order = DeliveryQueue::Order::by_turns;
  };
  explicit Sender(Parts parts);

  /// Reads what is pending and the number of dead letters; begins.
  Result<void> start();
  void submit(const PendingDelivery& delivery);
  /// Dead letters that became pending again.
  void revived(const std::vector<PendingDelivery>& deliveries);
  asio::awaitable<void> stop();

  SendingLimits limits() const { return limits_; }
  void set_limits(const SendingLimits& limits) { limits_ = limits; }
  std::int64_t dead() const { return dead_; }

 private:
  void start_due();
  void wake_at_next();
  asio::awaitable<void> deliver(DeliveryQueue::Item item);
  /// These three: empty when it was taken, else why not.
  asio::awaitable<std::string> attempt(const PendingDelivery& delivery);
  asio::awaitable<std::string> hand_to_sink();
  asio::awaitable<std::string> post(const Endpoint& endpoint, const PendingDelivery& delivery);
  std::shared_ptr<http::Client> client_of(const http::Url& url);
  /// Neither taken nor dead: it is to be sent again.
  asio::awaitable<bool> note(PendingDelivery delivery, bool taken, bool dead);
  void tell_dead_letters();

  Parts parts_;
  SendingLimits limits_;
  DeliveryQueue queue_;
  Pauses in_sinks_;
  asio::steady_timer timer_;
  std::map<std::string, std::shared_ptr<http::Client>> clients_;
  std::size_t in_flight_ = 0;
  std::atomic<std::int64_t> dead_{0};
  bool stopping_ = false, alerted_ = false;
  Counter& attempts_;
  Counter& taken_;
  Counter& given_up_;
};

}  // namespace tidegate::platform
