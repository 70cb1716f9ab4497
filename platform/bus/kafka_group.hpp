#pragma once
// The offsets of one consumer group on one topic, read and committed through the administrator's requests: they work
// from any client, for any group, without joining it, and end by their own timeout.

#include <map>
#include <string>
#include <vector>

#include "base/kafka.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace tidegate::platform {

/// By partition.
using Offsets = std::map<int, std::int64_t>;

/// Used on one thread. `handle` outlives it and may serve others.
class KafkaGroup {
 public:
  KafkaGroup(rd_kafka_s* handle, std::string group, std::string topic);

  /// Where to go on: the committed offsets, or the oldest ones held.
  Result<Offsets> start(const std::vector<int>& partitions, Nanoseconds limit);
  /// Commits those offsets. Not forced: at most every 100 ms, when `moved`, without waiting for the acknowledgement;
  /// true when they were sent.
  Result<bool> commit(const Offsets& next, bool moved, bool force);

 private:
  Result<Offsets> committed(const std::vector<int>& partitions, Nanoseconds limit);
  Result<void> find_oldest(Offsets& offsets, const std::vector<int>& partitions, Nanoseconds limit);
  Result<void> send(const Offsets& next);
  Result<void> receive_answer(Nanoseconds limit);

  rd_kafka_s* const handle_;
  kafka::Queue answers_;
  const std::string group_, topic_;
  bool awaiting_answer_ = false;  ///< a commit is under way
  bool unsaid_ = false;           ///< a commit failed
  Nanoseconds committed_at_{0};
};

}  // namespace tidegate::platform
