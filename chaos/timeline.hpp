#pragma once
// Plays a plan on the run clock: injects and heals each fault at its time, writes what happened into the events, counts
// the hits of each second.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "chaos/agent_client.hpp"
#include "chaos/plan.hpp"
#include "chaos/running_fault.hpp"
#include "record/events.hpp"

namespace tidegate::chaos {

/// How far one fault has come.
struct FaultProgress {
  enum class Stage { waiting, active, healed, failed };
  std::string name, kind, target;
  Stage stage = Stage::waiting;
  Nanoseconds injected{0};  ///< run clock; with `healed`, encloses all that the fault did
  Nanoseconds healed{0};
  std::uint64_t hits = 0;
  std::string failure;  ///< why it failed
};

/// Pointers outlive the timeline. Callbacks run on its thread.
struct TimelineOptions {
  std::vector<FaultSpec> faults;
  RunClock clock;
  std::uint64_t seed = 0;
  LinkControl* links = nullptr;           ///< needed when the agent holds a fault
  ProcessControl* processes = nullptr;    ///< needed when a fault is on a process
  OperatorControl* operations = nullptr;  ///< needed when a fault goes through a process's operator API
  TrafficControl* traffic = nullptr;      ///< needed when a fault is in the traffic
  record::EventWriter* events = nullptr;
  /// Hits of one fault in one second of the run clock; seconds without one are not told.
  std::function<void(const std::string& fault, std::int32_t second, std::uint64_t hits)> on_hits;
  /// Messages that a fault touched, as they become known: about once a second, and at its end.
  std::function<void(const std::string& fault, const std::vector<Touch>& touches)> on_touched;
  /// A fault could not be injected or healed as planned (also in the events).
  std::function<void(const std::string& fault, const std::string& message)> on_failure;
  /// A fault was injected, was healed, or failed.
  std::function<void(const FaultProgress& fault)> on_change;
};

/// Thread-safe.
class Timeline {
 public:
  explicit Timeline(TimelineOptions options);
  /// Calls stop().
  ~Timeline();
  Timeline(const Timeline&) = delete;
  Timeline& operator=(const Timeline&) = delete;

  /// Starts the thread; once.
  void start();
  /// Heals what is on and ends the thread; what has not begun never will. Idempotent; may be called without start().
  void stop(const std::string& reason = "run ended");

  /// In the order of the plan.
  std::vector<FaultProgress> progress() const;
  /// Those that are on now, for the live line.
  std::vector<FaultProgress> active() const;
  /// Nothing is on and nothing will begin.
  bool finished() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tidegate::chaos
