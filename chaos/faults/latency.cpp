#include "chaos/faults/latency.hpp"

#include "base/random.hpp"
#include "chaos/faults/directions.hpp"
#include "chaos/faults/registry.hpp"

namespace tidegate::chaos {
namespace {

constexpr Nanoseconds kLongest = std::chrono::hours(1);

LatencyParameters::Distribution parse_distribution(const yaml::Node* node) {
  using enum LatencyParameters::Distribution;
  if (node == nullptr) return uniform;
  if (node->text() == "fixed") return fixed;
  return node->text() == "normal" ? normal : uniform;
}

}  // namespace

LatencyParameters parse_latency(const yaml::Node& parameters, Diagnostics& diagnostics) {
  LatencyParameters out;
  const yaml::Node* delay = parameters.find("delay");
  const yaml::Node* jitter = parameters.find("jitter");
  const yaml::Node* distribution = parameters.find("distribution");
  out.delay = schema::as_duration(*delay);
  if (jitter != nullptr) out.jitter = schema::as_duration(*jitter);
  out.distribution = parse_distribution(distribution);
  out.direction = parse_directions(parameters, out.direction);

  using enum LatencyParameters::Distribution;
  if (out.delay > kLongest) diagnostics.add(delay->mark(), "a delay of more than 1h outlasts every timeout");
  if (out.delay.count() == 0) {
    diagnostics.add(delay->mark(), "a delay of 0 does nothing");
  } else if (out.jitter > out.delay) {
    diagnostics.add(jitter->mark(), "the jitter is longer than the delay, and nothing can arrive before it was sent");
  }
  if (distribution != nullptr && out.distribution == fixed && out.jitter.count() > 0) {
    diagnostics.add(jitter->mark(), "a fixed delay has no jitter; write distribution: uniform or normal");
  }
  if (distribution != nullptr && out.distribution != fixed && out.jitter.count() == 0) {
    diagnostics.add(distribution->mark(), "distribution: " + distribution->text() + " needs a jitter");
  }
  return out;
}

LatencyFault::LatencyFault(LatencyParameters parameters, const FaultIdentity& identity)
    : parameters_(parameters),
      seed_(identity.seed),
      stream_(stable_hash("latency\n" + identity.fault + "\n" + identity.target)) {}

Nanoseconds LatencyFault::delay(const ChunkPlace& place) const {
  if (!applies(parameters_.direction, place.direction)) return Nanoseconds{0};
  if (parameters_.jitter.count() == 0) return parameters_.delay;
  const std::uint64_t side = place.connection * 2 + (place.direction == Direction::upstream ? 0 : 1);
  Draws draws(seed_, stream_ + side * 0x9e3779b97f4a7c15ULL, place.chunk);
  const bool normal = parameters_.distribution == LatencyParameters::Distribution::normal;
  const double deviation = normal ? draws.normal() : draws.uniform() * 2 - 1;
  const auto shift = static_cast<std::int64_t>(deviation * static_cast<double>(parameters_.jitter.count()));
  return std::max(Nanoseconds{1}, parameters_.delay + Nanoseconds{shift});
}

FaultKind latency_fault() {
  FaultKind kind;
  kind.name = "latency";
  kind.target = TargetKind::link;
  kind.summary = "Bytes arrive later, in order; the throughput stays.";
  kind.hit = "a chunk that was delayed";
  kind.recovery = "what is still held leaves at once";
  kind.parameters = schema::object(
      {schema::required("delay", schema::duration(), "how much later; required"),
       schema::optional("jitter", schema::duration(), "spread around the delay, at most as long; default 0ms"),
       schema::optional(
           "distribution", schema::choice({"fixed", "uniform", "normal"}),
           "fixed, uniform (delay ± jitter) or normal (jitter is the standard deviation); default uniform"),
       direction_field("downstream, so that a call takes one delay longer")},
      kind.summary);
  kind.check = [](const yaml::Node& parameters, Diagnostics& diagnostics) { parse_latency(parameters, diagnostics); };
  kind.make_link_fault = [](const yaml::Node& parameters,
                            const FaultIdentity& identity) -> std::shared_ptr<const LinkFault> {
    Diagnostics checked;
    return std::make_shared<LatencyFault>(parse_latency(parameters, checked), identity);
  };
  return kind;
}

}  // namespace tidegate::chaos
