#pragma once
// The seam for every way of asking the system under test that is not the engine's own HTTP/1.1: one object per load
// loop and protocol, on the loop's thread. Whatever it is, an exchange ends with an Attempt, so that judging, captures,
// retries, polls and metrics are the same for all of them.

#include <memory>

#include "base/result.hpp"
#include "loadgen/engine.hpp"
#include "loadgen/exchange.hpp"
#include "loadgen/runtime.hpp"

namespace tidegate::loadgen {

class Loop;

struct TransportCall {
  const RequestSpec* spec = nullptr;
  RenderedRequest request;
  /// Conversations end with the first message that meets it; null: with the first message.
  const Expectation* until = nullptr;
  Nanoseconds started{0};  ///< the clock, just read
  Nanoseconds deadline{0};
};

class Transport {
 public:
  virtual ~Transport() = default;
  /// Waits with WaitIo on `vu`, whose `on_io()` the transport calls when something is new. It may be destroyed while it
  /// waits, and then leaves nothing behind. The attempt holds a reply, or an error.
  virtual Task<Attempt> exchange(Vu* vu, TransportCall call) = 0;
  /// When it wants run_due().
  virtual Nanoseconds next_due() const noexcept { return Nanoseconds::max(); }
  virtual void run_due(Nanoseconds /*now*/) {}
};

/// The transport of a protocol on this loop; null for the engine's own HTTP/1.1. Errors are the user's: a setting that
/// the library refuses.
Result<std::unique_ptr<Transport>> make_transport(Protocol protocol, Loop& loop);

}  // namespace tidegate::loadgen
