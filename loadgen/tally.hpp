#pragma once
// Sums over one interval's metric buffers, for the live line.

#include "loadgen/engine.hpp"
#include "loadgen/metrics.hpp"

namespace tidegate::loadgen {

class Tally {
 public:
  void add(const MetricBuffer& buffer);
  std::uint64_t iterations() const { return iterations_; }
  /// Without vus and iterations_done.
  Progress progress(const CompiledPlan& plan, Nanoseconds from, Nanoseconds to) const;

 private:
  Histogram response_time_, lateness_;
  GeneratorLimits limits_;
  std::uint64_t requests_ = 0, errors_ = 0, iterations_ = 0, dropped_ = 0, late_ = 0;
};

}  // namespace tidegate::loadgen
