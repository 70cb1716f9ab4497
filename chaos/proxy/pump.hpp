#pragma once
// One direction of a proxied connection: reads from one socket, writes to the other.
//
//   source --recv--> shared buffer --send--> sink          no fault: no copy, no queue
//                        |               ^
//                        +-> DelayQueue -+                 delayed bytes, and what the sink did not take
//
// Back-pressure: nothing is read while the sink does not take what is there, or the queue is full. End of stream
// travels in order behind the bytes, and only that direction ends (half-close).

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/asio.hpp"
#include "chaos/proxy/active_fault.hpp"
#include "chaos/proxy/delay_queue.hpp"

namespace tidegate::chaos {

/// Shared by all proxies of one thread.
struct ProxyContext {
  asio::any_io_executor executor;
  std::vector<char> buffer = std::vector<char>(64 * 1024);
};

/// Not thread-safe. Both sockets are connected and non-blocking.
class Pump {
 public:
  struct Wiring {
    ProxyContext& context;
    ConnectionFaults& faults;
    asio::ip::tcp::socket& source;
    asio::ip::tcp::socket& sink;
    std::uint64_t connection;
    Direction direction;
  };
  /// `owner` holds everything in the wiring, and this; `ended` is called once, from within a step.
  Pump(Wiring wiring, std::function<void()> ended);

  void start(std::weak_ptr<void> owner);
  /// After a fault was added or removed: gives what is held its new due time and goes on.
  void faults_changed();
  /// No more bytes will come or go.
  bool done() const noexcept { return done_; }
  /// The source was reset, and all it sent before has been delivered: nothing can go the other way any more.
  bool source_was_reset() const noexcept { return outcome_ == Outcome::source_reset; }
  /// Either side was gone, so that a plain close would tell the other side an untruth.
  bool broke() const noexcept { return outcome_ != Outcome::finished; }
  /// Forgets timers; the owner closes the sockets.
  void stop();

 private:
  enum class End : std::uint8_t { none, finished, reset };
  enum class Outcome : std::uint8_t { finished, source_reset, sink_gone };

  void step();
  void hold();
  bool write_ready_bytes();
  bool end_when_drained();
  void read();
  void forward(std::size_t count, Nanoseconds now);
  void sleep_until_due();
  void wait_readable();
  void wait_writable();
  void finish(Outcome outcome);
  Nanoseconds delay_of(std::uint64_t chunk, Nanoseconds arrived, bool count_hits) const;

  Wiring wiring_;
  std::function<void()> ended_;
  std::weak_ptr<void> owner_;
  asio::steady_timer timer_;
  DelayQueue queue_;
  std::uint64_t chunks_ = 0;
  Nanoseconds end_arrived_{0}, end_due_{0}, timer_due_{0};
  End end_ = End::none;
  bool readable_ = false, waiting_readable_ = false, waiting_writable_ = false;
  Outcome outcome_ = Outcome::finished;
  bool done_ = false;
};

}  // namespace tidegate::chaos
