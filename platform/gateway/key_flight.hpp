#pragma once
// One keyed request on its way through the writer thread. Repeats that arrive meanwhile wait for it. Private to
// keyed_requests.cpp.

#include <memory>
#include <string>
#include <vector>

#include "base/asio.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "platform/gateway/keyed_effect.hpp"

namespace tidegate::platform {

/// What the key stood for when the unit of work was committed.
enum class KeyVerdict {
  written,     ///< new key, done
  refused,     ///< new key, a business rule was broken
  repeated,    ///< known key, same body: the stored result
  other_body,  ///< known key, another body
  voided,      ///< fenced before it was seen
};

/// The writer thread fills `verdict` to `first_seen_ms` inside the unit; the loop reads them after finish().
struct KeyFlight {
  std::string name;  // among those in flight
  KeyedRequest request;
  std::unique_ptr<KeyedEffect> effect;

  KeyVerdict verdict = KeyVerdict::written;
  std::string refusal;  // of the stored result; empty: there is a subject
  std::int64_t first_seen_ms = 0;

  bool finished = false;
  Result<void> outcome;                      // of the commit
  std::vector<asio::steady_timer*> waiting;  // of those who wait on the loop

  /// On the loop.
  void finish(Result<void> committed) {
    finished = true;
    outcome = std::move(committed);
    for (asio::steady_timer* timer : waiting) timer->cancel();
  }
};

/// Waits until the flight has finished; false when the limit passed first.
inline asio::awaitable<bool> wait_for(std::shared_ptr<KeyFlight> flight, Nanoseconds limit) {
  if (flight->finished) co_return true;
  asio::steady_timer timer(co_await asio::this_coro::executor, limit);
  flight->waiting.push_back(&timer);
  co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  std::erase(flight->waiting, &timer);
  co_return flight->finished;
}

}  // namespace tidegate::platform
