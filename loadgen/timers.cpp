#include "loadgen/timers.hpp"

#include "base/assert.hpp"

namespace tidegate::loadgen {

void DeadlineNode::unlink() noexcept {
  if (!linked()) return;
  previous_->next_ = next_;
  next_->previous_ = previous_;
  previous_ = next_ = nullptr;
}

void DeadlineNode::link_before(DeadlineNode& place) noexcept {
  previous_ = place.previous_;
  next_ = &place;
  previous_->next_ = this;
  place.previous_ = this;
}

DeadlineWheel::DeadlineWheel() {
  for (DeadlineNode& head : slots_) head.previous_ = head.next_ = &head;
  expired_.previous_ = expired_.next_ = &expired_;
}

void DeadlineWheel::add(DeadlineNode& node, Nanoseconds deadline) noexcept {
  TIDEGATE_ASSERT(!node.linked());
  node.deadline_ = deadline;
  // Rounded up, and never into a tick that was swept already: it would wait a whole turn.
  const std::int64_t tick = std::max(deadline / kTick + 1, looked_at_ + 1);
  node.link_before(slots_[static_cast<std::size_t>(tick) % kSlots]);
}

DeadlineNode* DeadlineWheel::take_expired(Nanoseconds now) noexcept {
  const std::int64_t current = now / kTick;
  if (looked_at_ < 0) looked_at_ = std::max<std::int64_t>(current - 1, 0);
  looked_at_ = std::max(looked_at_, current - static_cast<std::int64_t>(kSlots));  // a whole turn covers all
  while (looked_at_ < current) {
    DeadlineNode& head = slots_[static_cast<std::size_t>(++looked_at_) % kSlots];
    for (DeadlineNode* node = head.next_; node != &head;) {
      DeadlineNode* const following = node->next_;
      if (node->deadline_ <= now) {  // else it is due in a later turn
        node->unlink();
        node->link_before(expired_);
      }
      node = following;
    }
  }
  DeadlineNode* const first = expired_.next_;
  if (first == &expired_) return nullptr;
  first->unlink();
  return first;
}

}  // namespace tidegate::loadgen
