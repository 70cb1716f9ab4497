#include "chaos/proxy/delay_queue.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace tidegate::chaos {

void DelayQueue::push(std::string_view bytes, std::uint64_t index, Nanoseconds arrived, Nanoseconds due) {
  chunks_.push_back({std::string(bytes), index, arrived, std::max(due, last_due())});
  bytes_ += bytes.size();
}

std::optional<Nanoseconds> DelayQueue::next_due() const {
  if (chunks_.empty()) return std::nullopt;
  return chunks_.front().due;
}

std::string_view DelayQueue::ready(Nanoseconds now) const {
  if (chunks_.empty() || chunks_.front().due > now) return {};
  return std::string_view(chunks_.front().bytes).substr(front_sent_);
}

void DelayQueue::consume(std::size_t count) {
  TIDEGATE_ASSERT(!chunks_.empty());
  TIDEGATE_ASSERT(front_sent_ + count <= chunks_.front().bytes.size());
  front_sent_ += count;
  bytes_ -= count;
  if (front_sent_ < chunks_.front().bytes.size()) return;
  chunks_.pop_front();
  front_sent_ = 0;
}

void DelayQueue::reschedule(const std::function<Nanoseconds(const Chunk&)>& delay_of) {
  Nanoseconds earliest{0};
  for (Chunk& chunk : chunks_) {
    chunk.due = std::max(earliest, chunk.arrived + delay_of(chunk));
    earliest = chunk.due;
  }
}

void DelayQueue::clear() noexcept {
  chunks_.clear();
  front_sent_ = 0;
  bytes_ = 0;
}

}  // namespace tidegate::chaos
