#pragma once
// events.ndjson: what happened when, one JSON object a line: {"t": seconds on the run clock, "event": type, ...}, after
// a first line {"schema": "tidegate.events/1"}.
// Types and their fields:
//   run_started {}                       stack_ready {seconds}              load_started {}      load_ended {}
//   phase_started {phase}                phase_ended {phase}
//   process_started {process, pid}       process_exited {process, status, asked}      process_ready {process, seconds}
//   fault_injected {fault, kind, target} fault_hits {fault, hits}           fault_healed {fault, hits, reason}
//   fault_failed {fault, message}        fault_touched {fault, bit, requests, failed, p50_s, others, others_failed,
//                                                       others_p50_s}
//   truth_read {records, seconds, broken}
//   drain_started {}                     drain_ended {drained, seconds, reading_seconds, open}
//   capacity_step {block, rate, confirming, from, to, outcome, reason, achieved_per_s, p50_s, p99_s, errors,
//                  lateness_p99_s}                                        aborted {message}
//   capacity_found {block, holds, breaks (when known), confirmed, generator_limit}
//   teardown_failed {message}
//   probe_failed {probe, message}        harness_error {message}            interrupted {signal}    run_ended {}

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace tidegate::record {

struct Event {
  Nanoseconds time{0};
  std::string type;
  json::object fields;
};

/// Appends lines as they happen; thread-safe.
class EventWriter {
 public:
  /// Starts the file anew.
  static Result<std::unique_ptr<EventWriter>> create(const std::string& path);
  ~EventWriter();
  /// One write per line. An error (disk full) leaves the lines before it whole; a later call tries again.
  Result<void> write(Nanoseconds time, std::string_view type, json::object fields = {});

 private:
  struct State;
  explicit EventWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

struct EventLog {
  std::vector<Event> events;  ///< in the order of the file
  bool cut_short = false;     ///< the last line was incomplete, or the file has no run_ended
};

/// What follows a broken line is left out. Refuses a file without the schema line, and one of a newer version.
Result<EventLog> read_events(const std::string& path);

/// One injection of a fault as the log tells it.
struct FaultSpan {
  std::string fault, kind, target;
  Nanoseconds injected{0};
  Nanoseconds healed{0};
  bool was_healed = false;
  std::uint64_t hits = 0;
  std::string failure;  ///< fault_failed's message, empty when none
};
/// In the order of injection. Hits count from the injection on; the highest number reported is kept. A fault that
/// failed without having been injected has a span too, from the moment of the failure.
std::vector<FaultSpan> fault_spans(const EventLog& log);
/// The names of the faults that Operation::touched speaks of, by their bits; empty where none is known.
std::vector<std::string> touching_faults(const EventLog& log);
/// The names in such a mask.
std::vector<std::string> faults_of(std::uint64_t touched, const std::vector<std::string>& names);

}  // namespace tidegate::record
