#include "platform/worker/breaker.hpp"

namespace tidegate::platform {

Breaker::State Breaker::state(Nanoseconds now) const noexcept {
  if (!open_) return State::closed;
  return now - opened_at_ >= kStaysOpen ? State::half_open : State::open;
}

bool Breaker::allow(Nanoseconds now) noexcept {
  switch (state(now)) {
    case State::closed:
      return true;
    case State::open:
      return false;
    case State::half_open:
      if (probing_) return false;
      probing_ = true;
      return true;
  }
  return false;
}

void Breaker::open(Nanoseconds now) noexcept {
  open_ = true;
  opened_at_ = now;
  ++openings_;
}

void Breaker::report(Outcome outcome, Nanoseconds now) noexcept {
  const bool was_probe = probing_;
  if (open_) probing_ = false;
  switch (outcome) {
    case Outcome::cancelled:
      return;
    case Outcome::success:
      // A late success of a call from before the opening does not close it: only the probe does.
      if (open_ && !was_probe) return;
      open_ = false;
      failures_ = timeouts_ = 0;
      return;
    case Outcome::failure:
      timeouts_ = 0;
      break;
    case Outcome::timeout:
      ++timeouts_;
      break;
  }
  ++failures_;
  if (open_) {
    if (was_probe) open(now);
    return;
  }
  if (failures_ >= trips_.failures || timeouts_ >= trips_.timeouts) open(now);
}

}  // namespace tidegate::platform
