#pragma once
// A virtual user: one coroutine, its iteration's data, and how it waits.

#include <coroutine>
#include <cstdint>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "loadgen/compiled.hpp"
#include "loadgen/metrics.hpp"
#include "loadgen/render.hpp"
#include "loadgen/task.hpp"
#include "loadgen/timers.hpp"
#include "record/operations.hpp"

namespace tidegate::loadgen {

class Loop;

/// Why a wait ended.
enum class Wake : std::uint8_t { ready, timeout, interrupted };

struct Vu : DeadlineNode {
  Vu(Loop& its_loop, const Block& its_block) : loop(its_loop), block(its_block) {}

  Loop& loop;
  const Block& block;
  std::uint64_t number = 0;  ///< of a closed-loop block's VUs, over all loops

  // The iteration in progress.
  std::uint64_t iteration = 0;
  Nanoseconds due{0};  ///< intended start of the iteration
  const Flow* flow = nullptr;
  std::uint32_t flow_place = 0;  ///< in the metric layout
  std::uint32_t step_place = 0;  ///< of the flow's first step
  std::vector<Row> rows;
  std::vector<Value> captures;
  std::vector<Nanoseconds> step_ends;
  std::optional<std::int64_t> now_ms;
  record::Operation operation;
  bool busy = false;

  // Waiting.
  enum class Waiting : std::uint8_t { nothing, parked, io, sleep };
  Waiting waiting_for = Waiting::nothing;
  Wake woken = Wake::ready;
  std::coroutine_handle<> waiting;
  std::uint64_t sleep_ticket = 0;
  bool interrupted = false;  ///< every wait ends at once

  Task<void> life;

  /// Ends the wait, if there is one, and runs the coroutine up to its next one.
  void wake(Wake reason);
  void on_io() {
    if (waiting_for == Waiting::io) wake(Wake::ready);
  }
  RenderScope scope() const;
  /// Sets everything that follows from the index alone.
  void begin(std::uint64_t index, Nanoseconds intended_start);
};

/// `co_await` ends when the connection has something new, the deadline passes, or the VU is interrupted.
struct WaitIo {
  Vu& vu;
  Nanoseconds deadline;
  bool await_ready() const noexcept { return vu.interrupted; }
  void await_suspend(std::coroutine_handle<> awaiter);
  Wake await_resume() const noexcept { return vu.interrupted ? Wake::interrupted : vu.woken; }
};

/// ready: the time has come.
struct SleepUntil {
  Vu& vu;
  Nanoseconds time;
  bool await_ready() const noexcept { return vu.interrupted; }
  void await_suspend(std::coroutine_handle<> awaiter);
  Wake await_resume() const noexcept { return vu.interrupted ? Wake::interrupted : Wake::ready; }
};

/// Until the loop has another iteration for the VU.
struct Park {
  Vu& vu;
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> awaiter);
  void await_resume() const noexcept {}
};

/// The coroutines of open-loop and closed-loop VUs. They live in `vu->life`, so the pointer outlives them.
Task<void> serve_arrivals(Vu* vu);
Task<void> iterate_until_end(Vu* vu);

}  // namespace tidegate::loadgen
