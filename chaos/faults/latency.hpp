#pragma once
// latency: bytes of a link arrive later, in order, at the full rate.

#include "chaos/fault.hpp"

namespace tidegate::chaos {

struct LatencyParameters {
  enum class Distribution { fixed, uniform, normal };
  Nanoseconds delay{0};                               ///< required
  Nanoseconds jitter{0};                              ///< half the width of uniform; the standard deviation of normal
  Distribution distribution = Distribution::uniform;  ///< without a jitter the same as fixed
  Directions direction = Directions::downstream;      ///< so that a call takes `delay` longer, not twice that
};

/// The node conforms to the kind's schema; contradictions go to the diagnostics.
LatencyParameters parse_latency(const yaml::Node& parameters, Diagnostics& diagnostics);

class LatencyFault final : public LinkFault {
 public:
  LatencyFault(LatencyParameters parameters, const FaultIdentity& identity);
  /// At least 1 ns for a touched direction, so that a chunk whose draw came out as 0 still counts as touched.
  Nanoseconds delay(const ChunkPlace& place) const override;

 private:
  LatencyParameters parameters_;
  std::uint64_t seed_, stream_;
};

}  // namespace tidegate::chaos
