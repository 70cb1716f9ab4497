#pragma once
// Switch `cache_only_idempotency`: keys live in this process's memory and nowhere else, so they end with it. Source:
// PayStream, which moved its keys from a table to a cache.

#include <deque>
#include <memory>
#include <string>
#include <unordered_map>

#include "platform/gateway/payment_path.hpp"

namespace tidegate::platform {

/// A repeat gets the first answer for as long as it is remembered; one that comes while the original is under way is a
/// payment of its own: nobody has written anything down yet.
class RememberedPath final : public PaymentPath {
 public:
  explicit RememberedPath(std::unique_ptr<PaymentPath> next, std::size_t capacity = 100'000)
      : next_(std::move(next)), capacity_(capacity) {}
  asio::awaitable<http::Response> pay(PaymentCommand command) override;
  asio::awaitable<void> stop() override { return next_->stop(); }

 private:
  void remember(const std::string& name, const http::Response& response);

  std::unique_ptr<PaymentPath> next_;
  const std::size_t capacity_;
  std::unordered_map<std::string, http::Response> answers_;
  std::deque<std::string> order_;
};

}  // namespace tidegate::platform
