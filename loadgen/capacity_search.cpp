#include "loadgen/capacity_search.hpp"

#include <algorithm>
#include <cmath>

#include "base/assert.hpp"

namespace tidegate::loadgen {
namespace {

/// Three digits: a rate is a finding, not a measurement.
double rounded(double rate) {
  if (rate <= 0) return 0;
  const double unit = std::pow(10, std::floor(std::log10(rate)) - 2);
  return std::round(rate / unit) * unit;
}

}  // namespace

std::string_view to_string(StepVerdict verdict) noexcept {
  switch (verdict) {
    case StepVerdict::holds:
      return "holds";
    case StepVerdict::breaks:
      return "breaks";
    case StepVerdict::undecided:
      return "undecided";
  }
  return "";
}

CapacitySearch::CapacitySearch(const CapacityPlan& plan) : plan_(plan), rate_(plan.start_rate) {
  TIDEGATE_ASSERT(plan.start_rate > 0 && plan.max_rate >= plan.start_rate);
  TIDEGATE_ASSERT(plan.precision > 0);
}

std::optional<CapacityStep> CapacitySearch::step() const {
  if (ended_) return std::nullopt;
  const bool confirming = stage_ == Stage::confirm;
  return CapacityStep{rate_, plan_.settle, confirming ? plan_.confirm : plan_.measure, confirming};
}

void CapacitySearch::judge(StepVerdict verdict) {
  TIDEGATE_ASSERT(!ended_);
  if (verdict == StepVerdict::holds) {
    held_.push_back(rate_);
    if (stage_ == Stage::confirm) {
      confirmed_ = ended_ = true;
    } else if (stage_ == Stage::climb && rate_ < plan_.max_rate) {
      rate_ = std::min(rate_ * 2, plan_.max_rate);
    } else {
      narrow();
    }
    return;
  }
  broke_ = rate_;
  broke_undecided_ = verdict == StepVerdict::undecided;
  if (stage_ == Stage::confirm) {
    // What held for a short time did not hold for a long one: one step lower, and no higher again.
    std::erase_if(held_, [&](double held) { return held >= rate_; });
    rate_ = rounded(rate_ * (1 - plan_.precision));
    ended_ = rate_ < plan_.start_rate;
    return;
  }
  if (held_.empty()) {
    ended_ = true;  // not even the first rate
    return;
  }
  narrow();
}

double CapacitySearch::highest_held() const {
  return held_.empty() ? 0 : *std::max_element(held_.begin(), held_.end());
}

void CapacitySearch::narrow() {
  const double held = highest_held();
  if (!broke_ || *broke_ - held <= plan_.precision * held) return begin_confirming();
  const double middle = rounded((held + *broke_) / 2);
  if (middle <= held || middle >= *broke_) return begin_confirming();
  stage_ = Stage::halve;
  rate_ = middle;
}

void CapacitySearch::begin_confirming() {
  stage_ = Stage::confirm;
  rate_ = highest_held();
}

CapacityAnswer CapacitySearch::answer() const {
  return {highest_held(), broke_, confirmed_, broke_.has_value() && broke_undecided_};
}

}  // namespace tidegate::loadgen
