#pragma once
// What a loop counts while it runs: plain numbers and histograms at fixed places, no names, no locks. One buffer is
// filled while the engine writes the other out; they change places once a second.

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/histogram.hpp"
#include "loadgen/compiled.hpp"

namespace tidegate::loadgen {

/// Where a step of a flow of a block keeps its numbers: every combination that the plan can play has a place.
class MetricLayout {
 public:
  struct StepPlace {
    std::uint32_t block, flow, step, measures;
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
  Histogram blocked, connecting, tls_handshaking;  ///< of requests that made a connection
  Histogram sending, receiving;
  std::uint64_t received_at_once = 0;  ///< answers whose last byte came with the first: receiving took no time
  std::array<std::uint64_t, kErrorClasses> errors{};
  std::vector<Histogram> measures;  ///< of the step's own
  std::uint64_t failed = 0, polls = 0;
  std::vector<StatusCount> requests;

  void count_request(int status, bool expected);
};

/// unsent: the generator was at a limit of its own; counted as dropped.
enum class IterationOutcome : std::uint8_t { ok, failed, interrupted, unsent };

struct FlowMetrics {
  Histogram duration;
  std::array<std::uint64_t, 3> iterations{};  ///< by IterationOutcome, without unsent
  std::uint64_t scheduled = 0, dropped = 0, late = 0;
};

struct BlockMetrics {
  Histogram lateness;
  std::uint64_t sent = 0, received = 0;  ///< bytes
};

/// Everything whose intended start lies in one second.
struct SecondMetrics {
  explicit SecondMetrics(const MetricLayout& layout);
  std::int32_t second = 0;
  std::vector<StepMetrics> steps;
  std::vector<FlowMetrics> flows;
  std::vector<BlockMetrics> blocks;
  /// Empties it and keeps its memory.
  void reset(std::int32_t to) noexcept;
};

/// One request, for sample outputs.
struct Sample {
  std::uint32_t step = 0;  ///< its place in the layout
  std::uint16_t status = 0;
  ErrorClass error = ErrorClass::none;
  bool connected = false;
  Nanoseconds due{0}, started{0}, connected_at{0}, sending{0}, sent_at{0}, first_byte{0}, ended{0};
  std::uint64_t bytes_sent = 0, bytes_received = 0;
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
  std::vector<Sample> samples;  ///< when they are wanted

  /// Empties it and keeps memory for a few seconds.
  void clear();

 private:
  SecondMetrics& find(std::int32_t second);

  const MetricLayout* layout_;
  SecondMetrics* last_ = nullptr;
  std::vector<std::unique_ptr<SecondMetrics>> seconds_, spare_;
};

}  // namespace tidegate::loadgen
