#pragma once
// Numbers of streams and of events. Private to platform/outbox.

#include <array>
#include <cstdint>

#include "base/assert.hpp"
#include "platform/events/envelope.hpp"

namespace tidegate::platform::outbox {

inline constexpr int kSequenceBits = 40;
inline constexpr int kPartitionBits = 14;
inline constexpr std::int64_t kLastSequence = (std::int64_t{1} << kSequenceBits) - 1;
static_assert(kPartitions < (1 << kPartitionBits));

/// One number per partition.
using Cursors = std::array<std::int64_t, kPartitions>;

/// Of a topic's partition, in this database.
inline std::int64_t stream_number(std::int64_t topic, int partition) {
  TIDEGATE_ASSERT(topic >= 0 && topic < 256);
  TIDEGATE_ASSERT(partition >= 0 && partition < kPartitions);
  return (topic << kPartitionBits) | partition;
}

}  // namespace tidegate::platform::outbox
