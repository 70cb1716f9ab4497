#include "platform/worker/pauses.hpp"

namespace tidegate::platform {

asio::awaitable<void> Pauses::wait(Nanoseconds length) {
  if (length <= Nanoseconds{0} || stopped_) co_return;
  asio::steady_timer timer(executor_, length);
  waiting_.insert(&timer);
  co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  waiting_.erase(&timer);
}

void Pauses::stop() {
  stopped_ = true;
  for (asio::steady_timer* timer : waiting_) timer->cancel();
}

}  // namespace tidegate::platform
