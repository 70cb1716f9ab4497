#pragma once
// Where an event lies in the outbox table. Private to platform/outbox.
//
// The table's only key is the integer position = topic (8 bits), partition (14 bits), sequence (40 bits): each stream
// is one run of rows that only grows at its end, its head is one seek away, and no second index is kept.

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

/// Of the table outbox_published: a stream's number without its sequence.
inline std::int64_t stream_number(std::int64_t topic, int partition) {
  TIDEGATE_ASSERT(topic >= 0 && topic < 256);
  TIDEGATE_ASSERT(partition >= 0 && partition < kPartitions);
  return (topic << kPartitionBits) | partition;
}

inline std::int64_t position_of(std::int64_t topic, int partition, std::int64_t sequence) {
  TIDEGATE_ASSERT(sequence >= 0 && sequence <= kLastSequence);
  return (stream_number(topic, partition) << kSequenceBits) | sequence;
}

inline std::int64_t sequence_of(std::int64_t position) {
  return position & kLastSequence;
}

}  // namespace tidegate::platform::outbox
