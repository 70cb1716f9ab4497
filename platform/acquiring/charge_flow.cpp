#include "platform/acquiring/charge_flow.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "base/random.hpp"

namespace tidegate::platform {

Nanoseconds back_off(std::uint64_t seed, std::uint32_t failures) noexcept {
  constexpr std::int64_t first_us = 100'000;
  constexpr std::int64_t longest_us = 2'000'000;
  const std::int64_t full = std::min(longest_us, first_us << std::min<std::uint32_t>(failures - 1, 5));
  return std::chrono::microseconds(Draws(seed, 0, failures).between(full / 2, full));
}

ChargeFlow::ChargeFlow(std::string_view reference, bool resumed)
    : seed_(stable_hash(reference)), step_{resumed ? Action::enquire : Action::post, Nanoseconds{0}} {}

ChargeFlow::Step ChargeFlow::after_failure(Action action) {
  ++failures_;
  step_ = {action, back_off(seed_, failures_)};
  return step_;
}

ChargeFlow::Step ChargeFlow::next(const BankAnswer& answer) {
  TIDEGATE_ASSERT(step_.action != Action::finished);
  switch (answer.kind) {
    case BankAnswer::Kind::approved:
    case BankAnswer::Kind::declined:
    case BankAnswer::Kind::rejected:
      step_ = {Action::finished, Nanoseconds{0}};
      return step_;
    case BankAnswer::Kind::not_known:
      // A resumed attempt that was never posted is posted at once; after a failure there is a wait.
      if (failures_ == 0) {
        step_ = {Action::post, Nanoseconds{0}};
        return step_;
      }
      return after_failure(Action::post);
    case BankAnswer::Kind::unknown:
      return after_failure(Action::enquire);
  }
  return step_;
}

}  // namespace tidegate::platform
