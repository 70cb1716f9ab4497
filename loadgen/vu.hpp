#pragma once
// A virtual user: one coroutine, its iteration's data, and how it waits.

#include <coroutine>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "loadgen/compiled.hpp"
#include "loadgen/cookies.hpp"
#include "loadgen/metrics.hpp"
#include "loadgen/render.hpp"
#include "loadgen/task.hpp"
#include "loadgen/timers.hpp"

namespace tidegate::loadgen {

class Connection;
class Loop;

/// What became of a step.
struct StepEnd {
  IterationOutcome outcome = IterationOutcome::ok;
  Nanoseconds ended{0};
};

/// Kept by a virtual user from one step to a later one, at most to the end of the iteration.
class HeldConnection {
 public:
  virtual ~HeldConnection() = default;
};

/// Why a wait ended.
enum class Wake : std::uint8_t { ready, timeout, interrupted };

struct Vu : DeadlineNode {
  Vu(Loop& its_loop, const Block& its_block) : loop(its_loop), block(its_block) {}

  Loop& loop;
  const Block& block;
  std::uint64_t number = 0;  ///< of a closed-loop block's VUs over all loops; else of the loop's VUs of the block
  std::uint64_t turn = 0;    ///< iterations that it has taken
  std::uint64_t span = 0;    ///< which of its spans it is in

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
  struct LoopState {
    std::int64_t done = 0, turns = 0;
    std::uint64_t outer_turn = 0;
  };
  std::vector<LoopState> loops;  ///< around the step, outermost first
  std::uint64_t turn_round = 0;  ///< the load loop's round at the end of the last turn
  std::uint64_t loop_turn = 0;   ///< names the turn of the loops around the step; 0 outside
  CookieJar* cookies = nullptr;  ///< null: cookies are off
  KeptCells kept;
  bool busy = false;
  bool failed_on_the_way = false;         ///< a step failed that lets the iteration go on
  bool unsent = false;                    ///< the last iteration met a limit of the generator
  Connection* own_connections = nullptr;  ///< idle ones that it keeps; a list through Connection::next_own

  std::vector<std::unique_ptr<HeldConnection>> held;  ///< places without one are null

  // Waiting.
  enum class Waiting : std::uint8_t { nothing, parked, io, sleep, branches };
  Waiting waiting_for = Waiting::nothing;
  Wake woken = Wake::ready;
  std::coroutine_handle<> waiting;
  std::uint64_t sleep_ticket = 0;
  bool interrupted = false;  ///< every wait ends at once

  // Steps side by side: each has a virtual user of its own, which this one waits for.
  Vu* parent = nullptr;
  std::vector<std::unique_ptr<Vu>> branches;
  std::uint32_t running_branches = 0;
  StepEnd branch_end;  ///< of such a virtual user
  std::unique_ptr<CookieJar> own_cookies;

  std::optional<std::uint32_t> player;  ///< see operation_player()

  Task<void> life;

  /// Ends the wait, if there is one, and runs the coroutine up to its next one.
  void wake(Wake reason);
  /// Every wait of the iteration ends at once.
  void interrupt();
  void on_io() {
    if (waiting_for == Waiting::io) wake(Wake::ready);
  }
  /// An open connection that it kept, or null.
  Connection* take_own_connection() noexcept;
  void keep_own_connection(Connection& connection) noexcept;
  void drop_own_connections() noexcept;
  RenderScope scope();
  /// Its number in the loop's operation notes.
  std::uint32_t operation_player();
  /// A branch has ended: the last one wakes this virtual user, in the loop's next round.
  void end_branch();
  /// Becomes a branch of another virtual user: its iteration, its data.
  void branch_off(Vu& from);
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

/// Until all branches have ended, also when interrupted: they end at once then.
struct WaitBranches {
  Vu& vu;
  bool await_ready() const noexcept { return vu.running_branches == 0; }
  void await_suspend(std::coroutine_handle<> awaiter);
  void await_resume() const noexcept {}
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
