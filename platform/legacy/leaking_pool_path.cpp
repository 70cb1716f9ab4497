#include "platform/legacy/leaking_pool_path.hpp"

#include "base/time.hpp"
#include "platform/legacy/pooled_path.hpp"
#include "platform/service/problem.hpp"

namespace tidegate::platform {

LeakingPoolPath::LeakingPoolPath(std::unique_ptr<PaymentPath> next, asio::io_context& loop, Metrics& metrics)
    : next_(std::move(next)), pool_(kLegacyConnections, kLegacyAcquireLimit), timer_(loop) {
  export_pool(pool_, metrics);
  asio::co_spawn(loop, leak(), [this](std::exception_ptr) { leaking_ = false; });
}

asio::awaitable<void> LeakingPoolPath::leak() {
  Nanoseconds began = monotonic_now();
  while (!stopping_) {
    if (monotonic_now() - began > kWorkerLives) {
      leaked_.clear();
      began = monotonic_now();
    }
    auto connection = co_await pool_.take();
    if (connection) leaked_.push_back(std::move(connection));
    timer_.expires_after(kLeakEvery);
    co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
  }
}

asio::awaitable<http::Response> LeakingPoolPath::pay(PaymentCommand command) {
  const auto connection = co_await pool_.take();
  if (!connection) co_return problem(503, "No database connection became free.");
  co_return co_await next_->pay(std::move(command));
}

asio::awaitable<void> LeakingPoolPath::stop() {
  stopping_ = true;
  pool_.close();
  while (leaking_) {
    timer_.cancel();
    asio::steady_timer wait(co_await asio::this_coro::executor, std::chrono::milliseconds(2));
    co_await wait.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  leaked_.clear();
  co_await next_->stop();
}

}  // namespace tidegate::platform
