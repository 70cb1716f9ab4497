#pragma once
// The lag of one group on one partition, from what the broker says and the ring knows. Pure.

#include <cstdint>
#include <optional>

#include "gates/probes/offset_ring.hpp"

namespace tidegate::gates {

/// Asked in this order, so that what looks lost is lost and lag is never negative.
struct PartitionOffsets {
  std::int64_t low = 0;                   ///< the lowest offset that the broker still holds
  std::optional<std::int64_t> committed;  ///< none: the group never committed here
  std::int64_t end = 0;                   ///< one past the last record
};

struct PartitionLag {
  bool undefined = false;  ///< records that the group never committed any of: no lag, not 0
  std::uint64_t records = 0;
  std::optional<double> age_s;  ///< commit age; none when the ring does not know
  std::optional<double> read_age_s;
  std::int64_t position = 0;  ///< first uncommitted record that the broker holds
  std::uint64_t skipped = 0;  ///< records between the committed offset and the low watermark: gone uncommitted
};

/// `now_ms` in the records' own time. `unread_since_ms`: since when records may have come that the ring has not read.
PartitionLag partition_lag(const PartitionOffsets& offsets, const OffsetRing& ring, std::int64_t now_ms,
                           std::optional<std::int64_t> unread_since_ms);

}  // namespace tidegate::gates
