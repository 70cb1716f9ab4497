#pragma once
// Waits of a loop's coroutines that all end when the role stops.

#include <set>

#include "base/asio.hpp"
#include "base/time.hpp"

namespace tidegate::platform {

/// Lives on one loop, and longer than the coroutines that wait.
class Pauses {
 public:
  explicit Pauses(asio::any_io_executor executor) : executor_(std::move(executor)) {}

  /// At once after stop(), or when the length is not above 0; early when stop() comes meanwhile.
  asio::awaitable<void> wait(Nanoseconds length);
  void stop();

 private:
  const asio::any_io_executor executor_;
  std::set<asio::steady_timer*> waiting_;
  bool stopped_ = false;
};

}  // namespace tidegate::platform
