#pragma once
// Joins the store's writer thread with the loop of a service.

#include <functional>
#include <memory>
#include <utility>

#include "base/asio.hpp"
#include "platform/store/store.hpp"

namespace tidegate::platform {

/// Submits a unit of work and waits for its commit on the caller's executor. `work`, and after a successful commit
/// `committed`, run on the writer thread: what they refer to must live until then, which it does when it belongs to the
/// awaiting coroutine. Calls of `committed` come in the order of the commits (Outbox::committed needs that).
inline asio::awaitable<Result<void>> commit(Store& store, Work work, std::function<void()> committed = {},
                                            Urgency urgency = Urgency::awaited) {
  co_return co_await asio::async_initiate<decltype(asio::use_awaitable), void(Result<void>)>(
      [&store, urgency](auto handler, Work unit, std::function<void()> after) {
        auto executor = asio::get_associated_executor(handler);
        auto waiting = std::make_shared<decltype(handler)>(std::move(handler));  // std::function wants a copyable one
        store.submit(
            std::move(unit),
            [waiting, executor, after = std::move(after)](Result<void> outcome) {
              if (outcome && after) after();
              asio::post(executor,
                         [waiting, outcome = std::move(outcome)]() mutable { (*waiting)(std::move(outcome)); });
            },
            urgency);
      },
      asio::use_awaitable, std::move(work), std::move(committed));
}

}  // namespace tidegate::platform
