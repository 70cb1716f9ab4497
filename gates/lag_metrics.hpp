#pragma once
// Series of the lag probe beside those of record/metrics.hpp. Tags group, topic, partition.

#include <string_view>

namespace tidegate::gates {

/// Gauge: partitions that hold records of which the group never committed any. Their lag is undefined, not 0.
inline constexpr std::string_view kLagUndefinedPartitions = "lag_undefined_partitions";
/// Counter: records deleted before the group committed them, on a broker that is not marked as evicting.
inline constexpr std::string_view kLagLostRecords = "lag_lost_records";
/// Event: {group, topic, partition, committed, low_watermark}.
inline constexpr std::string_view kRecordsLostEvent = "records_lost";

}  // namespace tidegate::gates
