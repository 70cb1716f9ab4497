#pragma once
// Reads the tail of topics and remembers when records were made; shared by all groups of a topic.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/kafka.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "gates/probes/offset_client.hpp"
#include "gates/probes/offset_ring.hpp"

namespace tidegate::gates {

/// Not thread-safe.
class TailReader {
 public:
  /// A broker may let `fetch_wait` pass before it answers: a new record is known within twice that time, and each fetch
  /// costs.
  static Result<TailReader> make(const std::string& bootstrap, const TopicSizes& topics, Nanoseconds fetch_wait);

  /// Begins reading each partition at its offset. Once.
  void begin(const std::map<std::string, std::vector<std::int64_t>>& offsets);
  bool begun() const { return begun_; }
  /// Sends the reader of one partition back, to learn of older records. Takes effect after about a second.
  void go_back(const std::string& topic, int partition, std::int64_t offset);
  /// Takes what came, without waiting.
  void read_available();

  OffsetRing& ring(const std::string& topic, int partition);

 private:
  explicit TailReader(kafka::Handle handle, const TopicSizes& topics);
  std::size_t take_batch();

  kafka::Handle handle_;
  kafka::Queue queue_;  // destroyed before the handle
  std::map<std::string, std::vector<OffsetRing>> rings_;
  std::string last_topic_;  // of the latest record, to look rings up once per run of records
  std::vector<OffsetRing>* last_rings_ = nullptr;
  bool begun_ = false;
};

}  // namespace tidegate::gates
