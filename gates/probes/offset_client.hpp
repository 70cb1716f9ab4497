#pragma once
// Asks a Kafka cluster for offsets: low watermarks, committed, ends. Every request has a timeout.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/kafka.hpp"
#include "base/result.hpp"
#include "gates/probes/lag_probe.hpp"

namespace tidegate::gates {

/// By topic: one offset per partition; none where the broker answered with an error for that partition.
using TopicOffsets = std::map<std::string, std::vector<std::optional<std::int64_t>>>;
/// Topics with their numbers of partitions.
using TopicSizes = std::map<std::string, int>;

/// Not thread-safe. Calls block up to the timeout.
class OffsetClient {
 public:
  static Result<OffsetClient> make(const std::string& bootstrap, Nanoseconds timeout);

  Result<TopicOffsets> low_watermarks(const TopicSizes& topics);
  Result<TopicOffsets> end_offsets(const TopicSizes& topics);

  /// One answer per group, in order; the requests run at the same time. Inside an answer: one per partition, none
  /// where the group never committed.
  using Committed = Result<std::vector<std::optional<std::int64_t>>>;
  std::vector<Committed> committed(const std::vector<LagGroup>& groups);

 private:
  OffsetClient(kafka::Handle handle, kafka::Queue queue, Nanoseconds timeout);
  Result<TopicOffsets> offsets_for(const TopicSizes& topics, std::int64_t which);
  void ask(const LagGroup& group, std::size_t index);

  Nanoseconds timeout_;
  kafka::Handle handle_;
  kafka::Queue queue_;  // destroyed before the handle
  std::size_t round_ = 0;
};

}  // namespace tidegate::gates
