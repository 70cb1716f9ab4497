#pragma once
// The offsets of one consumer group on one topic, read and committed through the administrator's requests: they work
// from any client, for any group, without joining it, and end by their own timeout.

#include <map>
#include <string>
#include <vector>

#include "base/kafka.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "platform/bus/kafka_reader.hpp"

namespace tidegate::platform {

/// Used on one thread. `handle` outlives it and may serve others.
class KafkaGroup {
 public:
  /// A commit without an answer for `answer_limit` is given up.
  KafkaGroup(rd_kafka_s* handle, std::string group, std::string topic,
             Nanoseconds answer_limit = std::chrono::seconds(5));

  /// Where to go on: the committed offsets, or the oldest ones held.
  Result<Offsets> start(const std::vector<int>& partitions, Nanoseconds limit);
  /// Commits those offsets. Not forced: at most every 100 ms, when `moved`, without waiting for the acknowledgement;
  /// true when they were sent. Errors: what the broker said of the last commit, or that it said nothing; the next call
  /// commits again.
  Result<bool> commit(const Offsets& next, bool moved, bool force);

 private:
  Result<Offsets> committed(const std::vector<int>& partitions, Nanoseconds limit);
  Result<void> find_oldest(Offsets& offsets, const std::vector<int>& partitions, Nanoseconds limit);
  Result<void> send(const Offsets& next);
  Result<void> receive_answer(Nanoseconds limit);
  bool give_up_late_answer(Nanoseconds now);

  rd_kafka_s* const handle_;
  kafka::Queue answers_;
  const std::string group_, topic_;
  const Nanoseconds answer_limit_;
  bool awaiting_answer_ = false;  ///< a commit is under way
  bool unsaid_ = false;           ///< a commit failed
  Nanoseconds committed_at_{0};
};

}  // namespace tidegate::platform
