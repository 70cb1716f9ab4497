#include "platform/legacy/pooled_path.hpp"

#include "platform/service/problem.hpp"

namespace tidegate::platform {

void export_pool(const ConnectionPool& pool, Metrics& metrics) {
  metrics.gauge("legacy_pool_in_use", "Database connections held by requests.", {},
                [&pool] { return static_cast<double>(pool.in_use()); });
  metrics.gauge("legacy_pool_waiting", "Requests that wait for a database connection.", {},
                [&pool] { return static_cast<double>(pool.waiting()); });
}

PooledPath::PooledPath(std::unique_ptr<PaymentPath> next, Metrics& metrics, std::size_t connections)
    : next_(std::move(next)), pool_(connections, kLegacyAcquireLimit) {
  export_pool(pool_, metrics);
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
