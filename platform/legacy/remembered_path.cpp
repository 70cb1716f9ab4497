#include "platform/legacy/remembered_path.hpp"

#include "platform/legacy/unkeyed_path.hpp"

namespace tidegate::platform {

asio::awaitable<http::Response> RememberedPath::pay(PaymentCommand command) {
  const std::string name =
      std::to_string(command.merchant) + (command.authorize_only ? " authorize " : " pay ") + command.key;
  if (const auto known = answers_.find(name); known != answers_.end()) {
    http::Response repeated = known->second;
    repeated.headers.emplace_back("Idempotent-Replayed", "true");
    co_return repeated;
  }
  command.stored_key = never_seen(command.key);
  http::Response response = co_await next_->pay(std::move(command));
  if (response.status < 500) remember(name, response);
  co_return response;
}

void RememberedPath::remember(const std::string& name, const http::Response& response) {
  if (!answers_.emplace(name, response).second) return;
  order_.push_back(name);
  if (order_.size() <= capacity_) return;
  answers_.erase(order_.front());
  order_.pop_front();
}

}  // namespace tidegate::platform
