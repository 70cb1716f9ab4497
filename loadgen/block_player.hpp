#pragma once
// One load block as one loop plays it: which iterations are this loop's, who takes them, and when they must end.
//
//   open loop     arrivals i with i mod parts == part, each given to a free VU or dropped
//   closed loop   VUs v with v mod parts == part, each iterating while it is wanted
//
// After the block's end, and its graceful stop, what is still in progress is interrupted; a VU that ramps down has its
// own grace.

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/time.hpp"
#include "loadgen/arrivals.hpp"
#include "loadgen/compiled.hpp"
#include "loadgen/timers.hpp"

namespace tidegate::loadgen {

class Loop;
struct Vu;

/// This loop's share of everything: indices i with i mod count == index.
struct Part {
  std::uint32_t index = 0, count = 1;
};

/// On the loop's thread.
class BlockPlayer {
 public:
  BlockPlayer(Loop& loop, const Block& block, Part part);
  ~BlockPlayer();
  BlockPlayer(const BlockPlayer&) = delete;
  BlockPlayer& operator=(const BlockPlayer&) = delete;

  /// Closed-loop VUs begin to live.
  void start();
  /// Starts what is due, up to some; true: more is due.
  bool start_due_arrivals();
  /// Interrupts what has used up its grace.
  void cut_off(Nanoseconds now);
  /// When one of these two has something to do next.
  Nanoseconds next_event() const noexcept;

  /// No further iteration starts; an arrival that was due and not started is dropped.
  void stop_arrivals();
  /// Ends every iteration in progress where it stands.
  void interrupt();
  /// Nothing more will start.
  bool nothing_left() const noexcept { return !next_ && lives_ == 0 && (!searching_ || stopped_); }
  bool stopped() const noexcept { return stopped_; }
  /// Arrivals are still to come.
  bool paced() const noexcept { return next_.has_value(); }
  std::size_t allocated_vus() const noexcept { return vus_.size(); }
  /// Iterations in progress, of a capacity search.
  std::size_t searching_vus() const noexcept { return searching_ ? vus_.size() - free_.size() : 0; }

  /// A capacity search plays `rate` over [from, from + length). No arrival of the stretch may be due yet.
  void extend(Nanoseconds from, Nanoseconds length, double rate);

  // For VUs:
  /// The next iteration of a closed-loop VU; nullopt: there is none for it.
  std::optional<std::uint64_t> take_iteration(Vu& vu);
  /// The VU is wanted; it has a grace of its own when that ends before the block does.
  void enter_span(Vu& vu, Nanoseconds until);
  void leave_span(Vu& vu);
  void end_life(Vu& vu) noexcept;
  /// When the block may make its next new connection; the turn is taken.
  Nanoseconds reserve_connect(Nanoseconds now) noexcept;
  void park(Vu& vu);
  const Block& block() const noexcept { return block_; }

 private:
  Vu& add_vu();
  static void serve(Vu& vu);
  void start_arrival(const Arrival& arrival);
  /// Without a reason: no VU was free.
  void drop(const Arrival& arrival, ErrorClass reason = ErrorClass::none);
  void advance();

  Loop& loop_;
  const Block& block_;
  const Part part_;
  // Open loop:
  RateCurve found_curve_;  // of a capacity search
  std::optional<ArrivalSequence> arrivals_;
  std::optional<Arrival> next_;
  std::size_t max_vus_ = 0;
  bool searching_ = false;
  // Closed loop:
  std::uint64_t next_shared_;
  std::size_t lives_ = 0;  // VUs whose coroutine has not ended
  SleepHeap<Vu> graces_;   // of VUs that ramp down; the ticket is the VU's span

  std::vector<std::unique_ptr<Vu>> vus_;
  std::vector<Vu*> free_;
  Nanoseconds next_connect_{0};
  bool stopped_ = false, cut_off_ = false;
};

}  // namespace tidegate::loadgen
