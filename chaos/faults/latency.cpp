#include "chaos/faults/latency.hpp"

#include <algorithm>
#include <cmath>

#include "chaos/faults/directions.hpp"
#include "chaos/faults/parse.hpp"
#include "chaos/faults/registry.hpp"

namespace tidegate::chaos {
namespace {

constexpr Nanoseconds kLongest = std::chrono::hours(1);
constexpr double kParetoShape = 3;    // as in netem's table: a heavy tail with a finite variance
constexpr double kNegligible = 0.01;  // of the weight of a draw that lies back
constexpr double kHighestCorrelation = 0.99;

LatencyParameters::Distribution parse_distribution(const yaml::Node* node) {
  using enum LatencyParameters::Distribution;
  if (node == nullptr) return uniform;
  if (node->text() == "fixed") return fixed;
  if (node->text() == "pareto") return pareto;
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
  const yaml::Node* correlation = parameters.find("correlation");
  if (correlation != nullptr) out.correlation = schema::as_share(*correlation);
  if (out.correlation > kHighestCorrelation) diagnostics.add(correlation->mark(), "a correlation is at most 99%");
  if (correlation != nullptr && out.jitter.count() == 0) {
    diagnostics.add(correlation->mark(), "a correlation needs a jitter to correlate");
  }

  using enum LatencyParameters::Distribution;
  if (out.delay > kLongest) diagnostics.add(delay->mark(), "a delay of more than 1h outlasts every timeout");
  if (out.delay.count() == 0) {
    diagnostics.add(delay->mark(), "a delay of 0 does nothing");
  } else if (out.jitter > out.delay && out.distribution != pareto) {
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
    : parameters_(parameters), draws_(identity, "latency") {
  if (parameters_.correlation > 0) {
    history_ = static_cast<std::uint32_t>(std::ceil(std::log(kNegligible) / std::log(parameters_.correlation)));
  }
}

// A standard normal deviate per chunk. A correlated one is the first-order autoregressive process, written out over the
// draws that still matter, so that any chunk can be asked about without those before it.
double LatencyFault::deviation(const ChunkPlace& place) const {
  double sum = 0, weight = 1, squares = 0;
  for (std::uint32_t back = 0; back < history_ && back <= place.chunk; ++back) {
    sum += weight * draws_.at(place.connection, place.direction, place.chunk - back).normal();
    squares += weight * weight;
    weight *= parameters_.correlation;
  }
  return sum / std::sqrt(squares);
}

Nanoseconds LatencyFault::delay(const ChunkPlace& place) const {
  using enum LatencyParameters::Distribution;
  if (!applies(parameters_.direction, place.direction)) return Nanoseconds{0};
  if (parameters_.jitter.count() == 0) return parameters_.delay;
  const double normal_deviate = deviation(place);
  const double share = std::erfc(-normal_deviate / std::sqrt(2.0)) / 2;  // uniform, through the normal's distribution
  double shift = 0;
  switch (parameters_.distribution) {
    case fixed:
      break;
    case uniform:
      shift = share * 2 - 1;
      break;
    case normal:
      shift = normal_deviate;
      break;
    case pareto:
      shift = (std::pow(std::max(1 - share, 1e-12), -1 / kParetoShape) - 1) * (kParetoShape - 1);
      break;
  }
  const auto added = static_cast<std::int64_t>(shift * static_cast<double>(parameters_.jitter.count()));
  return std::clamp(parameters_.delay + Nanoseconds{added}, Nanoseconds{1}, kLongest);
}

namespace {

/// The same delays, of whole messages.
class MessageLatency final : public HttpFault {
 public:
  MessageLatency(LatencyParameters parameters, const FaultIdentity& identity)
      : direction_(parameters.direction), latency_(whole(parameters), identity) {}
  HttpEffect effect(const MessageKey& key) const override {
    HttpEffect effect;
    const auto of = [&](Direction direction) {
      return applies(direction_, direction) ? latency_.delay({key.hash, direction, key.attempt}) : Nanoseconds{0};
    };
    effect.hold_request = of(Direction::upstream);
    effect.hold_response = of(Direction::downstream);
    return effect;
  }

 private:
  static LatencyParameters whole(LatencyParameters parameters) {
    parameters.direction = Directions::both;
    parameters.correlation = 0;  // messages of other connections come between
    return parameters;
  }
  Directions direction_;
  LatencyFault latency_;
};

}  // namespace

FaultKind latency_fault() {
  FaultKind kind;
  kind.name = "latency";
  kind.summary = "Bytes arrive later, in order; the throughput stays.";
  kind.hit = "a chunk, or an HTTP message, that was delayed";
  kind.recovery = "what is still held leaves at once";
  kind.parameters = schema::object(
      {schema::required("delay", schema::duration(), "how much later; required"),
       schema::optional("jitter", schema::duration(), "spread around the delay; default 0ms"),
       schema::optional("distribution", schema::choice({"fixed", "uniform", "normal", "pareto"}),
                        "fixed, uniform (delay ± jitter), normal (jitter is the standard deviation) or pareto (a heavy "
                        "tail above the delay, jitter is its mean); default uniform"),
       schema::optional("correlation", schema::share(), "of a draw with the one before it; default 0%"),
       direction_field("downstream, so that a call takes one delay longer")},
      kind.summary);
  set_link_fault(kind, [](const yaml::Node& parameters, Diagnostics& diagnostics, const FaultIdentity& identity) {
    return std::make_shared<LatencyFault>(parse_latency(parameters, diagnostics), identity);
  });
  kind.make_http_fault = [](const yaml::Node& parameters,
                            const FaultIdentity& identity) -> std::shared_ptr<const HttpFault> {
    Diagnostics checked;
    return std::make_shared<MessageLatency>(parse_latency(parameters, checked), identity);
  };
  return kind;
}

}  // namespace tidegate::chaos
