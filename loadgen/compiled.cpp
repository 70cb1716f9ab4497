#include "loadgen/compiled.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "base/random.hpp"

namespace tidegate::loadgen {

std::string_view to_string(Executor executor) noexcept {
  switch (executor) {
    case Executor::constant_arrival_rate:
      return "constant-arrival-rate";
    case Executor::ramping_arrival_rate:
      return "ramping-arrival-rate";
    case Executor::constant_vus:
      return "constant-vus";
    case Executor::ramping_vus:
      return "ramping-vus";
    case Executor::shared_iterations:
      return "shared-iterations";
    case Executor::per_vu_iterations:
      return "per-vu-iterations";
    case Executor::capacity_search:
      return "capacity-search";
  }
  return "";
}

std::uint64_t substream(std::uint64_t stream, std::uint64_t inner) noexcept {
  // boost::hash_combine's mixing, on 64 bits; Draws mixes the result further.
  return stream ^ (inner + 0x9e3779b97f4a7c15ULL + (stream << 12) + (stream >> 4));
}

bool Step::reads_body() const {
  if (kind == Kind::poll ? until.reads_body() : expect.reads_body()) return true;
  return std::any_of(captures.begin(), captures.end(), [](const Capture& capture) { return capture.reads_body(); }) ||
         std::any_of(measures.begin(), measures.end(),
                     [](const Measure& measure) { return measure.value.reads_body(); });
}

bool CompiledPlan::uses(Protocol protocol) const {
  const auto carried = [protocol](const auto& step) { return step.request.protocol == protocol; };
  return std::any_of(setup.begin(), setup.end(), carried) || std::any_of(teardown.begin(), teardown.end(), carried) ||
         std::any_of(flows.begin(), flows.end(), [&](const Flow& flow) {
           return std::any_of(flow.steps.begin(), flow.steps.end(),
                              [&](const Step& step) { return step.sends() && carried(step); });
         });
}

const FlowShare& CompiledPlan::flow_of(const Block& block, std::uint64_t iteration) const {
  TIDEGATE_ASSERT(!block.flows.empty());
  if (block.flows.size() == 1) return block.flows.front();
  const double drawn = Draws(seed, substream(block.stream, 1), iteration).uniform();
  const auto found =
      std::find_if(block.flows.begin(), block.flows.end(), [&](const FlowShare& share) { return drawn < share.up_to; });
  return found == block.flows.end() ? block.flows.back() : *found;
}

}  // namespace tidegate::loadgen
