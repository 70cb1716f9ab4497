#pragma once
// One load loop: a thread, its event loop, its virtual users, connections and metric buffer. It plays its part of every
// load block (loadgen/block_player.hpp).

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/memory_reserve.hpp"
#include "base/result.hpp"
#include "loadgen/block_player.hpp"
#include "loadgen/connection.hpp"
#include "loadgen/metrics.hpp"
#include "loadgen/operation_notes.hpp"
#include "loadgen/reactor.hpp"
#include "loadgen/runtime.hpp"
#include "loadgen/timers.hpp"
#include "loadgen/tls.hpp"
#include "loadgen/transport.hpp"
#include "loadgen/vu.hpp"

namespace tidegate::loadgen {

/// What a loop does when nothing is left to do now.
struct Wait {
  Nanoseconds until;  ///< on the run clock
  bool rest = false;  ///< whatever happens meanwhile; else until something does
};
/// With a tick: while requests are in progress or something is due within it, a rest until the next multiple of it;
/// else a wait until the first multiple at or after the next event. Times are on the run clock and may be negative.
Wait wait_in_ticks(Nanoseconds now, Nanoseconds next_event, bool in_progress, Nanoseconds tick) noexcept;

class Loop {
 public:
  static Result<std::unique_ptr<Loop>> create(const Runtime& runtime, Part part);
  /// One that plays no block: for virtual users of the caller's own, on the caller's thread.
  static Result<std::unique_ptr<Loop>> create_bare(const Runtime& runtime);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// The thread's work; returns after quit().
  void run();
  /// One round of a bare loop: wakes what is due and waits for events, at most this long.
  void run_round(Nanoseconds longest_wait);

  // From any thread:
  /// Runs on the loop's thread, in order.
  void post(std::function<void()> command);
  void quit();
  /// Nothing more will start, and nothing is in progress.
  bool finished() const noexcept { return finished_.load(std::memory_order_acquire); }
  std::uint32_t busy_vus() const noexcept { return published_busy_.load(std::memory_order_relaxed); }
  /// Iterations in progress of capacity searches.
  std::uint32_t searching() const noexcept { return published_searching_.load(std::memory_order_relaxed); }
  /// Time that was burnt in waiting so far.
  Nanoseconds spun() const noexcept { return Nanoseconds(published_spun_.load(std::memory_order_relaxed)); }
  /// VUs that exist, busy or not.
  std::uint32_t allocated_vus() const noexcept { return published_allocated_.load(std::memory_order_relaxed); }

  // On the loop's thread (through post), or after run() returned:
  void stop_arrivals();
  /// Ends every iteration in progress where it stands.
  void interrupt();
  /// Gives the filled buffer away for an empty one.
  std::unique_ptr<MetricBuffer> exchange(std::unique_ptr<MetricBuffer> empty);
  /// The same with its operations.
  OperationNotes exchange(OperationNotes empty);

  // For virtual users:
  const Runtime& runtime() const noexcept { return runtime_; }
  Nanoseconds now() const noexcept { return runtime_.clock.now(); }
  SecondMetrics& metrics_at(Nanoseconds intended) { return buffer_->at(second_of(intended)); }
  std::vector<Sample>& samples() { return buffer_->samples; }
  OperationPen& operations() noexcept { return operations_; }
  std::uint32_t next_operation_player() noexcept { return operation_players_++; }
  ConnectionPool& pool() noexcept { return pool_; }
  Reactor& reactor() noexcept { return reactor_; }
  /// Null: the engine's own HTTP/1.1.
  Transport* transport(Protocol protocol) noexcept { return transports_[static_cast<std::size_t>(protocol)].get(); }
  SleepHeap<Vu>& sleeps() noexcept { return sleeps_; }
  DeadlineWheel& deadlines() noexcept { return deadlines_; }
  /// Counts up whenever the loop has looked for events.
  std::uint64_t round() const noexcept { return round_; }
  /// Text buffers for requests, kept for reuse.
  std::unique_ptr<std::string> take_text();
  void give_text(std::unique_ptr<std::string> text);
  std::string& scratch() noexcept { return scratch_; }
  void set_busy(Vu& vu, bool busy) noexcept;
  /// Nothing more is sent, and no long answer is read on, while the process is short of memory.
  bool memory_short() const noexcept { return memory_short_ || memory_reserve_used(); }
  void set_memory_short(bool is_short) noexcept;
  BlockPlayer& player(std::uint32_t block) noexcept { return *players_[block]; }

 private:
  Loop(const Runtime& runtime, Reactor reactor, std::unique_ptr<TlsContext> tls);
  Result<void> make_transports();
  bool start_due_arrivals();
  bool wake_due(Nanoseconds now);
  void run_commands();
  void publish() noexcept;
  /// When there is something to do, if nothing happens before.
  Nanoseconds next_event(Nanoseconds now) const;
  void wait_for_events(bool more);
  void measure_usage();
  void give_way();
  bool may_spin(Nanoseconds wait, Nanoseconds now) const noexcept;

  const Runtime& runtime_;
  Reactor reactor_;
  std::unique_ptr<TlsContext> tls_;
  ConnectionPool pool_;
  std::array<std::unique_ptr<Transport>, kProtocols> transports_;
  std::vector<Transport*> others_;  // those that exist
  DeadlineWheel deadlines_;
  SleepHeap<Vu> sleeps_;
  std::unique_ptr<MetricBuffer> buffer_;
  OperationPen operations_;
  std::uint32_t operation_players_ = 0;
  std::vector<std::unique_ptr<std::string>> texts_;
  std::string scratch_;
  std::vector<std::unique_ptr<BlockPlayer>> players_;  // one per block
  std::uint32_t busy_ = 0;
  std::uint64_t round_ = 0;
  bool quitting_ = false, memory_short_ = false;
  Nanoseconds spun_{0}, begun_{0};
  Nanoseconds looked_at_usage_{0}, used_{0}, gave_way_{0};
  double share_ = 0;  // of its core that the thread took of late

  std::mutex mutex_;  // guards commands_
  std::vector<std::function<void()>> commands_;
  std::atomic<bool> commands_waiting_{false};
  std::atomic<bool> finished_{false};
  std::atomic<std::uint32_t> published_busy_{0}, published_allocated_{0}, published_searching_{0};
  std::atomic<std::int64_t> published_spun_{0};
};

}  // namespace tidegate::loadgen
