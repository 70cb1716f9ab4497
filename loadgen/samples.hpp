#pragma once
// Every request as a line of a file, for tools that want more than distributions: CSV or NDJSON.

#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace tidegate::loadgen {

struct CompiledPlan;
class MetricLayout;
struct Sample;

enum class SampleFormat : std::uint8_t { csv, ndjson };

/// One thread. Lines are in the order of each loop's events. Times are seconds on the run clock, durations
/// milliseconds. After an error (disk full) nothing more is written; error() says why, and the run is not disturbed.
class SampleWriter {
 public:
  static Result<std::unique_ptr<SampleWriter>> create(const std::string& path, SampleFormat format);
  ~SampleWriter();
  SampleWriter(const SampleWriter&) = delete;
  SampleWriter& operator=(const SampleWriter&) = delete;

  void write(const std::vector<Sample>& samples, const CompiledPlan& plan, const MetricLayout& layout);
  Result<void> error() const;

 private:
  struct State;
  explicit SampleWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tidegate::loadgen
