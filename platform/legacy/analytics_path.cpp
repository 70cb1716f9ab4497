#include "platform/legacy/analytics_path.hpp"

#include "base/time.hpp"

namespace tidegate::platform {
namespace {

/// Turnover by merchant and currency, over and over, as a dashboard with many tiles asks for it.
Result<void> turnover(Connection& connection) {
  const Nanoseconds end = monotonic_now() + kReportTakes;
  while (monotonic_now() < end) {
    auto read = connection.query(
        "SELECT merchant, currency, count(*), sum(amount), avg(updated_at_ms - created_at_ms) FROM payment"
        " GROUP BY merchant, currency",
        {}, [](const Row&) { return true; });
    if (!read) return read;
  }
  return {};
}

}  // namespace

AnalyticsPath::AnalyticsPath(std::unique_ptr<PaymentPath> next, asio::io_context& loop, Store& store)
    : next_(std::move(next)), store_(store), timer_(loop) {
  asio::co_spawn(loop, report(), [this](std::exception_ptr) { reporting_ = false; });
}

asio::awaitable<void> AnalyticsPath::report() {
  while (!stopping_) {
    timer_.expires_after(kReportEvery);
    co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
    if (!stopping_) store_.submit(turnover, [](Result<void>) {});
  }
}

asio::awaitable<void> AnalyticsPath::stop() {
  stopping_ = true;
  while (reporting_) {
    timer_.cancel();
    asio::steady_timer wait(co_await asio::this_coro::executor, std::chrono::milliseconds(2));
    co_await wait.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  co_await next_->stop();
}

}  // namespace tidegate::platform
