#pragma once
// Hands items from other threads to a loop. What a store's writer thread has to tell the loop after a commit comes in
// bursts, one item per payment; posting each of them on its own cost the gateway's writer 4 % of its time, most of it
// to wake a loop that was awake by the next.

#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "base/asio.hpp"

namespace tidegate::platform {

template <typename Item>
class Handover {
 public:
  /// `take` is called on the loop, with one item or more, in the order in which they were pushed. It may be called
  /// after the end of the handover, as a posted function may.
  Handover(asio::any_io_executor loop, std::function<void(std::vector<Item>)> take)
      : loop_(std::move(loop)), state_(std::make_shared<State>(std::move(take))) {}

  /// Thread-safe.
  void push(Item item) {
    {
      const std::lock_guard lock(state_->mutex);
      state_->items.push_back(std::move(item));
      if (state_->items.size() > 1) return;  // whoever pushed the first one has told the loop
    }
    asio::post(loop_, [state = state_] { state->take_all(); });
  }

 private:
  struct State {
    explicit State(std::function<void(std::vector<Item>)> given) : take(std::move(given)) {}
    const std::function<void(std::vector<Item>)> take;
    std::mutex mutex;
    std::vector<Item> items;

    void take_all() {
      std::vector<Item> all;
      {
        const std::lock_guard lock(mutex);
        all.swap(items);
      }
      take(std::move(all));
    }
  };
  const asio::any_io_executor loop_;
  const std::shared_ptr<State> state_;
};

}  // namespace tidegate::platform
