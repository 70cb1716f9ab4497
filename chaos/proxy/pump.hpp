#pragma once
// One direction of a proxied connection: reads from one socket, writes to the other.
//
//   source --recv--> shared buffer --[filter]--[faults]--send--> sink          no fault: no copy, no queue
//                                        |                 ^
//                                        +-> DelayQueue ---+        delayed bytes, and what the sink did not take
//   source ------------splice------> pipe ------------------> sink             bulk, with no fault and no filter
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
#include "chaos/proxy/protocol_filter.hpp"
#include "chaos/proxy/proxy_context.hpp"

namespace tidegate::chaos {

/// Not thread-safe. Both descriptors are connected and non-blocking.
class Pump {
 public:
  struct Wiring {
    ProxyContext& context;
    ConnectionFaults& faults;
    std::uint64_t connection;
    Direction direction;
    std::function<void()> ended;           ///< called once, from within a step
    std::function<void(Ending::How)> cut;  ///< a fault's limit of bytes was reached and delivered
    std::function<void(std::string_view bytes, Nanoseconds now)> filter;  ///< empty: none; it calls deliver
    std::function<void()> filter_ended;
  };
  explicit Pump(Wiring wiring);

  /// Before anything else. `owner` holds everything in the wiring, and this.
  void attach(int source, int sink, std::weak_ptr<void> owner);
  /// From the reactor: the source has bytes, an end or an error (`ended`: surely the latter two).
  void source_ready(bool ended);
  /// From the reactor: the sink takes bytes again.
  void sink_ready();
  /// Bytes from the filter, by the holds later than they would leave without them.
  void deliver(std::string_view bytes, Nanoseconds now, const MessageHolds& holds);
  /// Once all that was delivered has left, `cut` is called.
  void end_after_delivery(Ending::How how);
  /// Goes on with what can be done now.
  void proceed() { step(); }
  /// After a fault was added or removed: gives what is held its new due time and goes on.
  void faults_changed();
  /// A fault's half-close: the sink is told the end now, and what comes later is thrown away.
  void end_early();

  /// No more bytes will come or go.
  bool done() const noexcept { return done_; }
  /// The source was reset, and all it sent before has been delivered: nothing can go the other way any more.
  bool source_was_reset() const noexcept { return outcome_ == Outcome::source_reset; }
  /// Either side was gone, so that a plain close would tell the other side an untruth.
  bool broke() const noexcept { return outcome_ != Outcome::finished; }
  std::uint64_t bytes() const noexcept { return offset_; }
  /// Forgets timers; the owner closes the sockets.
  void stop();

 private:
  enum class End : std::uint8_t { none, finished, reset, cut };
  enum class Outcome : std::uint8_t { finished, source_reset, sink_gone };

  void step();
  void hold();
  bool write_ready_bytes();
  bool end_when_drained();
  void read();
  void splice_bulk();
  bool may_splice() const;
  void ended_with(int error_number, Nanoseconds now);
  std::string_view allowed(std::string_view bytes);
  void shape(std::string_view bytes, std::uint64_t chunk, Nanoseconds now, const MessageHolds& holds);
  std::size_t send_now(std::string_view bytes);
  Nanoseconds due_of(const DelayQueue::Chunk& chunk, Nanoseconds previous) const;
  bool queue_full() const;
  void sleep_until_due();
  void finish(Outcome outcome);
  Nanoseconds delay_of(std::uint64_t chunk, Nanoseconds arrived, bool count_hits) const;

  Wiring wiring_;
  int source_ = -1, sink_ = -1;
  std::weak_ptr<void> owner_;
  asio::steady_timer timer_;
  DelayQueue queue_;
  std::unique_ptr<SplicePipe> pipe_;
  std::uint64_t chunks_ = 0, offset_ = 0;
  Nanoseconds end_arrived_{0}, end_due_{0}, timer_due_{0}, paced_until_{0};
  End end_ = End::none;
  Ending::How cut_how_ = Ending::How::close;
  int full_reads_ = 0;
  bool readable_ = true, writable_ = true, source_ended_ = false, discarding_ = false, fresh_ = true;
  Outcome outcome_ = Outcome::finished;
  bool done_ = false, stepping_ = false;
};

}  // namespace tidegate::chaos
