#include "platform/legacy/admitted_path.hpp"

namespace tidegate::platform {

asio::awaitable<http::Response> AdmittedPath::pay(PaymentCommand command) {
  if (auto refused = admission_(command)) co_return std::move(*refused);
  co_return co_await next_->pay(std::move(command));
}

}  // namespace tidegate::platform
