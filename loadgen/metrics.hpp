#pragma once
// What a loop counts while it runs: plain numbers and histograms at fixed places, no names, no locks. One buffer is
// filled while the engine writes the other out; they change places once a second.

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/histogram.hpp"
#include "loadgen/compiled.hpp"
#include "record/operations.hpp"

namespace tidegate::loadgen {

/// Where a step of a flow of a block keeps its numbers: every combination that the plan can play has a place.
class MetricLayout {
 public:
  struct StepPlace {
    std::uint32_t block, flow, step;
  };
  struct FlowPlace {
    std::uint32_t block, flow;
  };

  explicit MetricLayout(const CompiledPlan& plan);

  std::uint32_t flow_place(std::uint32_t block, std::uint32_t flow) const { return flow_places_[block][flow]; }
  /// Of the flow's first step; the others follow.
  std::uint32_t first_step_place(std::uint32_t block, std::uint32_t flow) const { return step_places_[block][flow]; }

  const std::vector<StepPlace>& steps() const { return steps_; }
  const std::vector<FlowPlace>& flows() const { return flows_; }
  std::size_t blocks() const { return flow_places_.size(); }

 private:
  std::vector<std::vector<std::uint32_t>> flow_places_, step_places_;  // [block][flow]; flows not played have none
  std::vector<StepPlace> steps_;
  std::vector<FlowPlace> flows_;
};

/// Pairs are indexed by whether the sample was as expected.
struct StepMetrics {
  struct StatusCount {
    int status = 0;  ///< 0: no answer
    bool expected = false;
    std::uint64_t count = 0;
  };
  std::array<Histogram, 2> response_time, from_send, duration, waiting, poll;
  Histogram connecting, tls_handshaking;
  std::array<std::uint64_t, kErrorClasses> errors{};
  std::uint64_t failed = 0, polls = 0;
  std::vector<StatusCount> requests;

  void count_request(int status, bool expected);
};

enum class IterationOutcome : std::uint8_t { ok, failed, interrupted };

struct FlowMetrics {
  Histogram duration;
  std::array<std::uint64_t, 3> iterations{};  ///< by IterationOutcome
  std::uint64_t scheduled = 0, dropped = 0, late = 0;
};

struct BlockMetrics {
  Histogram lateness;
  std::uint64_t sent = 0, received = 0;  ///< bytes
};

/// Everything whose intended start lies in one second.
struct SecondMetrics {
  explicit SecondMetrics(const MetricLayout& layout)
      : steps(layout.steps().size()), flows(layout.flows().size()), blocks(layout.blocks()) {}
  std::int32_t second = 0;
  std::vector<StepMetrics> steps;
  std::vector<FlowMetrics> flows;
  std::vector<BlockMetrics> blocks;
  /// Empties it and keeps its memory.
  void reset(std::int32_t to) noexcept;
};

/// Not thread-safe: it belongs to the loop, or to the engine after the exchange.
class MetricBuffer {
 public:
  explicit MetricBuffer(const MetricLayout& layout) : layout_(&layout) {}

  SecondMetrics& at(std::int32_t second) {
    if (last_ != nullptr && last_->second == second) [[likely]]
      return *last_;
    return find(second);
  }
  const std::vector<std::unique_ptr<SecondMetrics>>& seconds() const { return seconds_; }
  std::vector<record::Operation> operations;

  /// Empties it and keeps memory for a few seconds.
  void clear();

 private:
  SecondMetrics& find(std::int32_t second);

  const MetricLayout* layout_;
  SecondMetrics* last_ = nullptr;
  std::vector<std::unique_ptr<SecondMetrics>> seconds_, spare_;
};

}  // namespace tidegate::loadgen
