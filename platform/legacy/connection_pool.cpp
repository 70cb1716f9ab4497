#include "platform/legacy/connection_pool.hpp"

#include <algorithm>
#include <atomic>
#include <deque>

namespace tidegate::platform {

namespace {

struct Waiter {
  Waiter(const asio::any_io_executor& loop, Nanoseconds limit) : timer(loop, limit) {}
  asio::steady_timer timer;
  bool served = false;
};

}  // namespace

struct PoolState {
  std::size_t connections = 0;
  Nanoseconds limit{0};
  std::atomic<std::size_t> taken{0};
  std::atomic<std::size_t> queued{0};
  std::deque<std::shared_ptr<Waiter>> queue;
  bool closed = false;

  /// To the one that waits longest, or back to the shelf.
  void give_back() {
    if (closed || queue.empty()) {
      --taken;
      return;
    }
    const auto next = std::move(queue.front());
    queue.pop_front();
    --queued;
    next->served = true;
    next->timer.cancel();
  }

  void give_up(const std::shared_ptr<Waiter>& waiter) {
    const auto found = std::find(queue.begin(), queue.end(), waiter);
    if (found == queue.end()) return;
    queue.erase(found);
    --queued;
  }
};

ConnectionPool::ConnectionPool(std::size_t connections, Nanoseconds limit) : state_(std::make_shared<PoolState>()) {
  state_->connections = connections;
  state_->limit = limit;
}

void ConnectionPool::close() {
  state_->closed = true;
  for (const auto& waiter : state_->queue) waiter->timer.cancel();
  state_->queue.clear();
  state_->queued = 0;
}

ConnectionPool::Lease::~Lease() {
  if (pool_) pool_->give_back();
}

asio::awaitable<ConnectionPool::Lease> ConnectionPool::take() {
  const auto state = state_;
  if (state->closed) co_return Lease();
  if (state->taken < state->connections) {
    ++state->taken;
    co_return Lease(state);
  }
  const auto waiter = std::make_shared<Waiter>(co_await asio::this_coro::executor, state->limit);
  state->queue.push_back(waiter);
  ++state->queued;
  co_await waiter->timer.async_wait(asio::as_tuple(asio::use_awaitable));
  if (waiter->served) co_return Lease(state);
  state->give_up(waiter);
  co_return Lease();
}

std::size_t ConnectionPool::in_use() const {
  return state_->taken;
}
std::size_t ConnectionPool::waiting() const {
  return state_->queued;
}

}  // namespace tidegate::platform
