#include "platform/legacy/pooled_path.hpp"

#include "platform/service/problem.hpp"

namespace tidegate::platform {

PooledPath::PooledPath(std::unique_ptr<PaymentPath> next, Metrics& metrics) : next_(std::move(next)) {
  metrics.gauge("legacy_pool_in_use", "Database connections held by requests.", {},
                [this] { return static_cast<double>(pool_.in_use()); });
  metrics.gauge("legacy_pool_waiting", "Requests that wait for a database connection.", {},
                [this] { return static_cast<double>(pool_.waiting()); });
}

asio::awaitable<http::Response> PooledPath::pay(PaymentCommand command) {
  const auto connection = co_await pool_.take();
  if (!connection) co_return problem(503, "No database connection became free.");
  co_return co_await next_->pay(std::move(command));
}

asio::awaitable<void> PooledPath::stop() {
  pool_.close();
  co_await next_->stop();
}

}  // namespace tidegate::platform
