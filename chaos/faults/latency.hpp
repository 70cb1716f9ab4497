#pragma once
// latency: bytes of a link arrive later, in order, at the full rate.

#include "chaos/fault.hpp"

namespace tidegate::chaos {

struct LatencyParameters {
  enum class Distribution { fixed, uniform, normal, pareto };
  Nanoseconds delay{0};  ///< required
  /// Half the width of uniform; the standard deviation of normal; the mean of what pareto adds.
  Nanoseconds jitter{0};
  Distribution distribution = Distribution::uniform;  ///< without a jitter the same as fixed
  Directions direction = Directions::downstream;      ///< so that a call takes `delay` longer, not twice that
  double correlation = 0;                             ///< of one chunk's draw with the draw before it
};

/// The node conforms to the kind's schema; contradictions go to the diagnostics.
LatencyParameters parse_latency(const yaml::Node& parameters, Diagnostics& diagnostics);

class LatencyFault final : public LinkFault {
 public:
  LatencyFault(LatencyParameters parameters, const FaultIdentity& identity);
  /// At least 1 ns for a touched direction, so that a chunk whose draw came out as 0 still counts as touched.
  Nanoseconds delay(const ChunkPlace& place) const override;

 private:
  double deviation(const ChunkPlace& place) const;

  LatencyParameters parameters_;
  FaultDraws draws_;
  std::uint32_t history_ = 1;  ///< how many draws back still matter
};

}  // namespace tidegate::chaos
