#pragma once
// The lag of consumer groups, once a second, from any Kafka. Writes lag_records, lag_age, lag_read_age,
// lag_evicted_records and what gates/lag_metrics.hpp names, with the tags group, topic and partition ("all": the
// topic's worst age, or its sum of records), and probe_silent.
//
// Method: committed offsets first and end offsets second, or lag would turn negative. Ages come from the records' own
// timestamps: one tail reader keeps a ring of (offset, timestamp) per partition that all groups share; "now" is taken
// once per sample.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "record/events.hpp"
#include "record/series.hpp"

namespace tidegate::gates {

struct LagGroup {
  std::string group;
  std::string topic;
  int partitions = 1;
};

struct LagProbeOptions {
  std::string bootstrap;
  /// Where the broker is now, asked before each sample, on the probe's thread; empty: not known at the moment. Another
  /// address is another broker: the probe starts over there. Unset: the broker never moves.
  std::function<std::string()> bootstrap_now;
  std::vector<LagGroup> groups;
  /// The broker evicts silently (topology): records below the low watermark are counted as evicted, not as lost.
  bool evicting = false;
  Nanoseconds period = std::chrono::seconds(1);
  /// Of each request to the broker; a sample that passes it is silence.
  Nanoseconds timeout = std::chrono::milliseconds(700);
};

/// The lag of one group on one topic, as of its latest sample.
struct GroupLag {
  std::string group, topic;
  bool known = false;  ///< false: never sampled
  std::uint64_t records = 0;
  double age_s = 0, read_age_s = 0;
  int undefined_partitions = 0;            ///< hold records of which the group never committed any
  std::uint64_t evicted = 0, lost = 0;     ///< since the start
  std::optional<double> drain_estimate_s;  ///< records over the recent rate of commits; none when nothing is committed
  Nanoseconds sampled_at{0};               ///< run clock
  std::int64_t end = 0;                    ///< end offsets of all partitions together
  /// Run clock: the first of the latest samples that all found the same end offsets, and no lag.
  Nanoseconds quiet_since{0};
};

/// Own thread. The writers must outlive it; `events` may be null. All members may be called from any thread.
class LagProbe {
 public:
  LagProbe(LagProbeOptions options, RunClock clock, record::SeriesWriter* series, record::EventWriter* events);
  ~LagProbe();  ///< stops
  LagProbe(const LagProbe&) = delete;
  LagProbe& operator=(const LagProbe&) = delete;

  /// An error when the client cannot be made. A broker that does not answer is not one: it is silence, and counted.
  Result<void> start();
  /// Ends the thread; returns within about the timeout. May be called again.
  void stop();
  /// Why the probe gave up, if it did.
  std::optional<Error> failed() const;

  /// One entry per group, in the order of the options.
  std::vector<GroupLag> latest() const;
  /// Every group has a sample of the last three periods, taken after `since` (run clock), with no records and nothing
  /// undefined.
  bool drained(Nanoseconds since = Nanoseconds::min()) const;
  /// Drained, and no record has come for a period. A group that has applied its last record may have caused another,
  /// which its producer still gathers: for that moment nothing is behind. A drain passes the moment from which on
  /// nothing new was to come: an earlier sample knows nothing of the last arrivals.
  bool quiet(Nanoseconds since) const;
  /// CPU time that the sampling thread used so far.
  Nanoseconds cpu_time() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tidegate::gates
