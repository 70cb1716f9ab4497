#include "platform/legacy/retrying_path.hpp"

namespace tidegate::platform {

RetryingPath::RetryingPath(std::unique_ptr<PaymentPath> next, Metrics& metrics)
    : next_(std::move(next)),
      attempts_(metrics.counter("legacy_client_attempts_total", "Payments that clients sent, repeats included.")),
      failures_(metrics.counter("legacy_client_failures_total", "Of these, those that failed.")) {}

asio::awaitable<http::Response> RetryingPath::pay(PaymentCommand command) {
  for (int retries = 0;; ++retries) {
    attempts_.add();
    PaymentCommand attempt = command;
    http::Response response = co_await next_->pay(std::move(attempt));
    if (response.status < 500) co_return response;
    failures_.add();
    if (retries == kImmediateRetries || stopping_) co_return response;
  }
}

asio::awaitable<void> RetryingPath::stop() {
  stopping_ = true;
  co_await next_->stop();
}

}  // namespace tidegate::platform
