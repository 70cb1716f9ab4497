#pragma once
// Unknown outcomes (a timeout, a reset, a 5xx) and how they become known: the same key and body once more, or the key
// fenced. A platform that keeps its promise answers a repeat with the stored result of the first attempt, or does the
// work now; either way the outcome is known. "Not found" under the key would prove nothing: the request may still sit
// in a socket or a commit batch.

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/http/message.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "record/operations.hpp"
#include "record/run.hpp"

namespace tidegate::audit {

struct RenderedRequest {
  std::string method, target, body;
  http::Headers headers;
};
/// Renders an operation's request once more; given by the runner, answered by loadgen. The history holds no secrets.
using Render = std::function<Result<RenderedRequest>(std::uint16_t block, std::uint64_t iteration, std::uint16_t step)>;

struct ResolveOptions {
  std::string base_url;  ///< http://127.0.0.1:40001
  Render render;
  RunClock clock;
  Nanoseconds limit = std::chrono::seconds(30);  ///< for all of them together
  Nanoseconds request_timeout = std::chrono::seconds(2);
  int at_once = 32;  ///< requests in flight
  std::function<bool()> interrupted;
  /// Where a key is fenced, with the slot {key}: /v1/idempotency-keys/{key}/void. Empty: a request that cannot be
  /// rendered once more stays open.
  std::string fence;
  /// Fence first instead of sending again: nothing new happens, and what has not happened never will.
  bool fence_first = false;
  std::string token;  ///< for fencing a key whose request cannot be rendered
  /// Called for each resolution with the time from the unknown outcome to it; from several threads.
  std::function<void(const record::Operation& resolved, Nanoseconds took)> on_resolved;
};

struct Resolution {
  std::uint64_t unknown = 0;  ///< keys whose outcome was open
  std::uint64_t resolved_ok = 0, resolved_fail = 0, open = 0;
  double longest_s = 0;  ///< from the unknown outcome to its resolution
};

/// Resolves every key that has an unknown attempt and no ok; appends resolved_ok or resolved_fail to operations.tgo.
/// Blocking; ends within the limit. What stays open is counted, not an error. Memory does not grow with the history.
Result<Resolution> resolve_unknowns(const record::RunDirectory& directory, const ResolveOptions& options);

/// Resolves a sample of the unknown outcomes while load goes on, on a thread of its own, a few at a time: how long a
/// client that asks again waits for certainty under the fault itself.
class LiveResolver {
 public:
  struct Options {
    double sample = 0.05;                        ///< share of the keys, chosen by their hash
    Nanoseconds wait = std::chrono::seconds(1);  ///< from the unknown outcome; the client's own retries come first
    int at_once = 2;
    std::size_t most_waiting = 1000;  ///< further ones are left to the end of the run
  };
  LiveResolver(ResolveOptions resolve, Options options);
  ~LiveResolver();
  LiveResolver(const LiveResolver&) = delete;
  LiveResolver& operator=(const LiveResolver&) = delete;

  /// Looks through what the loops recorded; renders on the calling thread.
  void note(std::span<const record::Operation> operations);
  /// What was resolved since the last call, to be written to the history.
  std::vector<record::Operation> take();
  /// Ends after the requests in flight.
  void stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tidegate::audit
