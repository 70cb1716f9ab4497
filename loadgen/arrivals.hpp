#pragma once
// The arrivals of one open-loop block: one global sequence that depends on the seed, the block and its rate curve, and
// on nothing else. Loop k of n plays the arrivals i with i mod n == k; every loop generates all of them (some 30 ns
// each), so the sequence cannot depend on n.
//
// Method: a unit-rate process on the axis of expected arrivals, mapped to time through the inverse of the curve's
// integral. Even arrivals stand at 0, 1, 2, ...; Poisson arrivals at the running sums of counter-based exponentials.

#include <cstdint>
#include <optional>

#include "base/random.hpp"
#include "loadgen/rate_curve.hpp"

namespace tidegate::loadgen {

enum class Spacing : std::uint8_t { even, poisson };

struct Arrival {
  std::uint64_t index = 0;
  Nanoseconds time{0};  ///< intended, on the run clock
};

class ArrivalSequence {
 public:
  ArrivalSequence(const RateCurve& curve, Spacing spacing, std::uint64_t seed, std::uint64_t stream)
      : curve_(&curve), spacing_(spacing), seed_(seed), stream_(stream) {}

  /// The next arrival of the whole sequence, in order of index and of time; nullopt at its end, until the curve grows.
  std::optional<Arrival> next();
  /// The next one of loop k of n.
  std::optional<Arrival> next_of(std::uint64_t k, std::uint64_t n);

 private:
  const RateCurve* curve_;
  Spacing spacing_;
  std::uint64_t seed_, stream_;
  std::uint64_t index_ = 0;
  double position_ = 0;  // of the arrival `index_` once drawn, else of the one before it
  bool drawn_ = false;

  bool draw();
  std::uint64_t take();
};

}  // namespace tidegate::loadgen
