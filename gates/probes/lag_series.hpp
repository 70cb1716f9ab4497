#pragma once
// The series of one group on one topic.

#include <cstdint>
#include <optional>
#include <vector>

#include "gates/probes/group_tracker.hpp"
#include "record/series.hpp"

namespace tidegate::gates {

/// Of topics with more partitions than kEverySecond, a partition is written when its lag changed, so that a run
/// directory does not grow with partitions that have nothing to tell; the topic as a whole is written every second.
class LagSeries {
 public:
  static constexpr std::size_t kEverySecond = 64;
  LagSeries(record::SeriesWriter& writer, const LagGroup& group, bool evicting);
  void write(std::int32_t second, const GroupSample& sample);
  /// Time without a sample.
  void write_silence(std::int32_t second, double seconds);

 private:
  struct Ids {
    record::SeriesId records, age, read_age, skipped;
  };
  Ids intern(const LagGroup& group, const std::string& partition, bool evicting);
  void write_partition(std::int32_t second, std::size_t partition, const PartitionLag& lag);

  record::SeriesWriter& writer_;
  struct Written {
    std::uint64_t records = 0;
    std::optional<double> age_s, read_age_s;
    bool operator==(const Written&) const = default;
  };
  std::vector<Ids> partitions_;
  std::vector<std::optional<Written>> written_;  // the latest of each partition
  Ids all_;
  record::SeriesId undefined_, drain_, stalled_, rewinds_, silent_;
};

}  // namespace tidegate::gates
