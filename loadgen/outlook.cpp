// What a plan is expected to do, before anything has answered: rates, concurrency and requests at an assumed latency.

#include <algorithm>
#include <cmath>

#include "base/units.hpp"
#include "loadgen/compiled.hpp"

namespace tidegate::loadgen {
namespace {

/// Of one iteration, or a part of it.
struct Effort {
  double seconds = 0, requests = 0;
  void add(const Effort& other, double times = 1) {
    seconds += other.seconds * times;
    requests += other.requests * times;
  }
};

/// Adds up steps when each request takes `latency`. A poll is taken to hold at its first request, a loop whose turns
/// vary to have one, and a branch to take as long as its longer side, with the requests of the one that has fewer.
class Estimate {
 public:
  Estimate(const Flow& flow, Nanoseconds latency) : steps_(flow.steps), latency_(to_seconds(latency)) {}

  Effort whole() const { return of(0, static_cast<std::uint32_t>(steps_.size())); }

 private:
  Effort of(std::uint32_t from, std::uint32_t to) const {
    Effort sum;
    for (std::uint32_t at = from; at < to;) at = add_step(at, sum);
    return sum;
  }

  /// Where to go on.
  std::uint32_t add_step(std::uint32_t at, Effort& sum) const {
    const Step& step = steps_[at];
    switch (step.kind) {
      case Step::Kind::request:
        sum.add({latency_, 1});
        break;
      case Step::Kind::poll:
        sum.add({to_seconds(step.every) + latency_, 1});
        break;
      case Step::Kind::think:
        sum.add({to_seconds(step.think + step.think_up_to) / 2, 0});
        break;
      case Step::Kind::loop: {
        const auto turns = step.times.constant() ? parse_integer(step.times.literal()) : Result<std::int64_t>(1);
        sum.add(of(at + 1, step.target - 1), turns ? static_cast<double>(*turns) : 1);
        return step.target;
      }
      case Step::Kind::branch:
        return add_branch(at, sum);
      case Step::Kind::choose:
        return add_choice(at, sum);
      case Step::Kind::parallel:
        sum.add({latency_, static_cast<double>(step.branches)});
        return at + 1 + step.branches;
      case Step::Kind::loop_end:
      case Step::Kind::jump:
        break;
    }
    return at + 1;
  }

  std::uint32_t add_branch(std::uint32_t at, Effort& sum) const {
    const std::uint32_t otherwise = steps_[at].target;
    const Step& last = steps_[otherwise - 1];
    const bool has_else = last.kind == Step::Kind::jump && last.target > otherwise;
    const Effort then = of(at + 1, has_else ? otherwise - 1 : otherwise);
    const Effort other = has_else ? of(otherwise, last.target) : Effort{};
    sum.add({std::max(then.seconds, other.seconds), std::min(then.requests, other.requests)});
    return has_else ? last.target : otherwise;
  }

  std::uint32_t add_choice(std::uint32_t at, Effort& sum) const {
    const auto& choices = steps_[at].choices;
    if (choices.size() < 2) return at + 1;  // no choice: what follows is played
    const std::uint32_t end = steps_[choices[1].second - 1].target;
    for (std::size_t i = 0; i < choices.size(); ++i) {
      const double share = choices[i].first - (i == 0 ? 0 : choices[i - 1].first);
      sum.add(of(choices[i].second, (i + 1 < choices.size() ? choices[i + 1].second : end) - 1), share);
    }
    return end;
  }

  const std::vector<Step>& steps_;
  double latency_;
};

Effort mean_iteration(const CompiledPlan& plan, const Block& block, Nanoseconds latency) {
  Effort mean;
  for (const FlowShare& share : block.flows) mean.add(Estimate(plan.flows[share.flow], latency).whole(), share.share);
  return mean;
}

/// A capacity search may go up to its cap.
double highest_rate(const Block& block) {
  return block.executor == Executor::capacity_search ? block.search.max_rate : block.curve.highest_rate();
}

/// Seconds that the VUs of a closed loop are wanted, all together.
double vu_seconds(const Block& block) {
  const std::int32_t from = second_of(block.start), to = second_of(block.end - Nanoseconds{1});
  double sum = 0;
  for (std::int32_t second = from; second <= to; ++second) {
    const Nanoseconds middle = std::chrono::milliseconds(second * std::int64_t{1000} + 500);
    const Nanoseconds begin = std::max<Nanoseconds>(std::chrono::seconds(second), block.start);
    const Nanoseconds end = std::min<Nanoseconds>(std::chrono::seconds(second + 1), block.end);
    sum += block.vu_curve.wanted_at(std::clamp(middle, begin, end - Nanoseconds{1})) * to_seconds(end - begin);
  }
  return sum;
}

BlockOutlook outlook_of(const CompiledPlan& plan, const Block& block, Nanoseconds latency) {
  const Effort iteration = mean_iteration(plan, block, latency);
  BlockOutlook outlook;
  outlook.vus = block.open_loop() ? 0 : block.vus;
  outlook.seconds = to_seconds(block.end - block.start);
  double iterations = 0;
  switch (block.executor) {
    case Executor::constant_arrival_rate:
    case Executor::ramping_arrival_rate:
      iterations = block.curve.total();
      outlook.known = true;
      break;
    case Executor::shared_iterations:
      iterations = static_cast<double>(block.iterations);
      outlook.known = true;
      break;
    case Executor::per_vu_iterations:
      iterations = static_cast<double>(block.iterations) * block.vus;
      outlook.known = true;
      break;
    case Executor::constant_vus:
    case Executor::ramping_vus:
      iterations = vu_seconds(block) / std::max(iteration.seconds, 1e-6);
      break;
    case Executor::capacity_search:
      break;
  }
  iterations /= plan.segment.count;
  outlook.iterations = static_cast<std::uint64_t>(std::llround(iterations));
  outlook.requests = static_cast<std::uint64_t>(std::llround(iterations * iteration.requests));
  return outlook;
}

}  // namespace

std::vector<BlockOutlook> Plan::outlook(Nanoseconds assumed_latency) const {
  std::vector<BlockOutlook> blocks;
  for (const Block& block : compiled_->blocks) blocks.push_back(outlook_of(*compiled_, block, assumed_latency));
  return blocks;
}

std::uint32_t Plan::wanted_vus(Nanoseconds time) const {
  std::uint32_t sum = 0;
  for (const Block& block : compiled_->blocks) sum += block.open_loop() ? 0 : block.vu_curve.wanted_at(time);
  return (sum + compiled_->segment.count - 1) / compiled_->segment.count;
}

double Plan::peak_rate() const {
  double sum = 0;
  for (const Block& block : compiled_->blocks) sum += highest_rate(block);
  return sum / compiled_->segment.count;
}

std::uint64_t Plan::peak_concurrency(Nanoseconds assumed_latency) const {
  double sum = 0;
  for (const Block& block : compiled_->blocks) {
    double busy = block.open_loop() ? 0 : block.vus;
    busy += highest_rate(block) * mean_iteration(*compiled_, block, assumed_latency).seconds;
    sum += std::min(busy, static_cast<double>(block.max_vus));
  }
  return static_cast<std::uint64_t>(std::ceil(sum / compiled_->segment.count - 1e-9));
}

}  // namespace tidegate::loadgen
