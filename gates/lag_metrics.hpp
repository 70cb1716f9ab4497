#pragma once
// Series of the lag probe beside those of record/metrics.hpp. Tags group, topic, partition.

#include <string_view>

namespace tidegate::gates {

/// Gauge: partitions that hold records of which the group never committed any. Their lag is undefined, not 0.
inline constexpr std::string_view kLagUndefinedPartitions = "lag_undefined_partitions";
/// Counter: records deleted before the group committed them, on a broker that is not marked as evicting.
inline constexpr std::string_view kLagLostRecords = "lag_lost_records";
/// Gauge: seconds until a group has caught up at its recent rate; none while its lag does not shrink.
inline constexpr std::string_view kLagDrainEstimate = "lag_drain_estimate";
/// How long a commit stands still, with records to do, until its partition counts as stalled.
inline constexpr double kStallSeconds = 5;
/// Events: {group, topic, partition, seconds}; {group, topic, partition, from, to}; {group, topic}: every partition
/// that holds records has stalled, and again none has.
inline constexpr std::string_view kLagStalledEvent = "lag_stalled";
inline constexpr std::string_view kLagRewoundEvent = "lag_rewound";
inline constexpr std::string_view kLagStoppedEvent = "lag_stopped";
inline constexpr std::string_view kLagResumedEvent = "lag_resumed";
/// Event: {group, topic, partition, committed, low_watermark}.
inline constexpr std::string_view kRecordsLostEvent = "records_lost";

}  // namespace tidegate::gates
