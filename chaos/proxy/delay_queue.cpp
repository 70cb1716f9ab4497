#include "chaos/proxy/delay_queue.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace tidegate::chaos {

void DelayQueue::push(Chunk chunk) {
  chunk.due = std::max(chunk.due, last_due());
  bytes_ += chunk.bytes.size();
  chunks_.push_back(std::move(chunk));
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

void DelayQueue::reschedule(Nanoseconds before_first, const DueOf& due_of) {
  Nanoseconds previous = before_first;
  for (Chunk& chunk : chunks_) {
    chunk.due = std::max(previous, due_of(chunk, previous));
    previous = chunk.due;
  }
}

void DelayQueue::clear() noexcept {
  chunks_.clear();
  front_sent_ = 0;
  bytes_ = 0;
}

}  // namespace tidegate::chaos
