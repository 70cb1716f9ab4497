#pragma once
// Idempotency: a key stands for one result, whoever repeats it and when.
//
//   in flight? --yes--> join: its result, or 409 after 1 s
//       | no
//   in the cache? --yes--> the stored result (the cache may forget at any time)
//       | no
//   the store, in one transaction: known -> the stored result | new -> the effect and the key together
//
// 401, 429 and 400 come before it and are not stored; business rules come behind it and are.

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/asio.hpp"
#include "base/time.hpp"
#include "platform/cache/cache.hpp"
#include "platform/gateway/capacity.hpp"
#include "platform/gateway/keyed_effect.hpp"
#include "platform/service/handover.hpp"
#include "platform/service/metrics.hpp"
#include "platform/store/store.hpp"

namespace tidegate::platform {

class IdempotencyKeys;
struct KeyFlight;

/// Used on one loop; what it refers to outlives it, and the store is stopped before it goes.
class KeyedRequests {
 public:
  struct Parts {
    asio::any_io_executor loop;
    Handover<std::function<void()>>& after_commits;  ///< calls on that loop, of everybody who writes to the store
    Store& store;
    IdempotencyKeys& keys;  ///< of that store, loaded
    Cache& cache;
    Metrics& metrics;
    Nanoseconds expiry = std::chrono::hours(24);  ///< how long a key stands for its result
    /// Whether the cache is asked, a feature flag.
    std::function<bool()> cache_on = [] { return true; };
    Capacity* capacity = nullptr;  ///< of the tables written to; null: no limit
  };
  explicit KeyedRequests(Parts parts);

  /// `effect` is used when the key is new or has to be recalled from the store.
  asio::awaitable<http::Response> run(KeyedRequest request, std::unique_ptr<KeyedEffect> effect);
  /// Fences a key that was never seen: a later request with it is refused. 200, also when it was voided before; 409
  /// when it stands for something.
  asio::awaitable<http::Response> void_key(KeyedRequest request);

  /// Keys first seen before this have lapsed.
  std::int64_t oldest_ms(std::int64_t now_ms) const;

 private:
  void launch(std::shared_ptr<KeyFlight> flight);
  void land(KeyFlight& flight, Result<void> outcome);
  Capacity::Decision admit(KeyedRoute route);
  Result<void> write(Connection& connection, KeyFlight& flight);
  http::Response answer(const KeyFlight& flight, bool joined);
  asio::awaitable<std::optional<http::Response>> from_cache(const std::string& name, std::int64_t fingerprint);
  asio::awaitable<void> remember(std::shared_ptr<KeyFlight> flight, http::Response response);

  Parts parts_;
  Counter& replays_;
  Counter& joined_;
  Counter& cache_hits_;
  std::unordered_map<std::string, std::shared_ptr<KeyFlight>> in_flight_;
  Nanoseconds next_complaint_{0};
};

}  // namespace tidegate::platform
