#include "platform/legacy/unkeyed_path.hpp"

#include <atomic>

#include "base/time.hpp"
#include "platform/service/wall_clock.hpp"

namespace tidegate::platform {

std::string never_seen(const std::string& key) {
  static std::atomic<std::uint64_t> next{0};
  static const auto process = std::to_string(wall_now().count());  // a restarted one starts elsewhere
  return key + "#" + process + "." + std::to_string(next++);
}

asio::awaitable<http::Response> UnkeyedPath::pay(PaymentCommand command) {
  command.stored_key = never_seen(command.key);
  return next_->pay(std::move(command));
}

}  // namespace tidegate::platform
