#include "platform/legacy/write_queue_path.hpp"

#include <algorithm>

#include "platform/service/problem.hpp"

namespace tidegate::platform {

WriteQueuePath::WriteQueuePath(std::unique_ptr<PaymentPath> next, Metrics& metrics, double scale)
    : next_(std::move(next)), flush_(static_cast<std::int64_t>(1e9 / (kFlushesPerSecond * scale))) {
  metrics.gauge("legacy_write_queue_depth", "Payments whose writes wait for the database.", {},
                [this] { return static_cast<double>(pending_.load()); });
}

asio::awaitable<http::Response> WriteQueuePath::pay(PaymentCommand command) {
  if (pending_ >= kMostPendingWrites) co_return problem(503, "The database does not keep up.");
  free_at_ = std::max(free_at_, monotonic_now()) + flush_;
  ++pending_;
  // The writes are in the queue: whoever asked for them may have left meanwhile.
  asio::steady_timer timer(co_await asio::this_coro::executor, free_at_ - monotonic_now());
  co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  --pending_;
  co_return co_await next_->pay(std::move(command));
}

}  // namespace tidegate::platform
