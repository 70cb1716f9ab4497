#include "platform/inbox/sequencer.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace tidegate::platform {

void Sequencer::add(int partition, std::int64_t applied, Nanoseconds now) {
  Stream& stream = streams_[partition];
  stream.applied = applied;
  stream.head = applied;
  stream.active_at = now;
}

Sequencer::Offer Sequencer::offer(Envelope event, Nanoseconds now) {
  Stream& stream = streams_.at(event.stream.partition);
  stream.active_at = now;
  if (event.sequence <= stream.applied) return Offer::repeat;
  stream.head = std::max(stream.head, event.sequence);
  if (is_full(stream) && event.sequence > stream.held.rbegin()->first) return Offer::accepted;
  const std::int64_t sequence = event.sequence;
  const bool fresh = stream.held.emplace(sequence, std::move(event)).second;
  return fresh ? Offer::accepted : Offer::repeat;
}

void Sequencer::learn_head(int partition, std::int64_t head) {
  Stream& stream = streams_.at(partition);
  stream.head = std::max(stream.head, head);
}

std::vector<const Envelope*> Sequencer::ready(std::size_t limit) const {
  std::vector<const Envelope*> events;
  for (const auto& [partition, stream] : streams_) {
    std::int64_t next = stream.applied + 1;
    for (auto it = stream.held.begin(); it != stream.held.end() && it->first == next && events.size() < limit; ++it) {
      events.push_back(&it->second);
      ++next;
    }
  }
  return events;
}

void Sequencer::applied(int partition, std::int64_t sequence) {
  Stream& stream = streams_.at(partition);
  TIDEGATE_ASSERT(sequence > stream.applied);
  stream.applied = sequence;
  stream.held.erase(stream.held.begin(), stream.held.upper_bound(sequence));
}

bool Sequencer::full() const {
  return std::any_of(streams_.begin(), streams_.end(), [](const auto& entry) {
    const Stream& stream = entry.second;
    return is_full(stream) && stream.held.begin()->first != stream.applied + 1;
  });
}

std::vector<MissingRange> Sequencer::missing() const {
  std::vector<MissingRange> ranges;
  for (const auto& [partition, stream] : streams_) {
    std::int64_t next = stream.applied + 1;
    for (const auto& [sequence, event] : stream.held) {
      if (sequence > next) ranges.push_back({partition, next, sequence - 1});
      next = sequence + 1;
    }
    if (stream.head >= next && !is_full(stream)) ranges.push_back({partition, next, stream.head});
  }
  return ranges;
}

bool Sequencer::is_quiet(int partition, Nanoseconds now, Nanoseconds length) const {
  const Stream& stream = streams_.at(partition);
  return stream.held.empty() && now - stream.active_at >= length;
}

bool Sequencer::any_quiet(Nanoseconds now, Nanoseconds length) const {
  return std::any_of(streams_.begin(), streams_.end(),
                     [&](const auto& entry) { return is_quiet(entry.first, now, length); });
}

}  // namespace tidegate::platform
