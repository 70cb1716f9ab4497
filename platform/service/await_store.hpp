#pragma once
// Joins the store's writer thread with the loop of a service.

#include <memory>
#include <utility>

#include "base/asio.hpp"
#include "platform/store/store.hpp"

namespace tidegate::platform {

/// Submits a unit of work and waits for its commit on the caller's executor. `work` runs on the writer thread: what it
/// refers to must live until then, which it does when it belongs to the awaiting coroutine.
inline asio::awaitable<Result<void>> commit(Store& store, Work work) {
  co_return co_await asio::async_initiate<decltype(asio::use_awaitable), void(Result<void>)>(
      [&store](auto handler, Work unit) {
        auto executor = asio::get_associated_executor(handler);
        auto waiting = std::make_shared<decltype(handler)>(std::move(handler));  // std::function wants a copyable one
        store.submit(std::move(unit), [waiting, executor](Result<void> outcome) {
          asio::post(executor, [waiting, outcome = std::move(outcome)]() mutable { (*waiting)(std::move(outcome)); });
        });
      },
      asio::use_awaitable, std::move(work));
}

}  // namespace tidegate::platform
