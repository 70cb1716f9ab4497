#pragma once
// The series of one group on one topic.

#include <cstdint>
#include <vector>

#include "gates/probes/group_tracker.hpp"
#include "record/series.hpp"

namespace tidegate::gates {

class LagSeries {
 public:
  LagSeries(record::SeriesWriter& writer, const LagGroup& group, bool evicting);
  void write(std::int32_t second, const GroupSample& sample);
  /// Time without a sample.
  void write_silence(std::int32_t second, double seconds);

 private:
  struct Ids {
    record::SeriesId records, age, read_age, skipped;
  };
  Ids intern(const LagGroup& group, const std::string& partition, bool evicting);
  void write_partition(std::int32_t second, const Ids& ids, const PartitionLag& lag);

  record::SeriesWriter& writer_;
  std::vector<Ids> partitions_;
  Ids all_;
  record::SeriesId undefined_, stalled_, rewinds_, silent_;
};

}  // namespace tidegate::gates
