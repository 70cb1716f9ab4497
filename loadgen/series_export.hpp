#pragma once
// Metric buffers to named series: here places become names and tags.

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "loadgen/metrics.hpp"
#include "record/series.hpp"

namespace tidegate::loadgen {

/// One thread. Series are interned when they first hold something.
class SeriesExport {
 public:
  SeriesExport(const CompiledPlan& plan, const MetricLayout& layout, record::SeriesWriter* writer);

  void write(const MetricBuffer& buffer);
  void gauge(std::string_view metric, std::int32_t second, double value, const std::string& loop = {});

 private:
  using Id = std::optional<record::SeriesId>;
  struct StepIds {
    std::array<Id, 2> response_time, from_send, duration, waiting, poll;
    std::array<Id, 2> checks;
    Id blocked, connecting, tls_handshaking, sending, receiving, failed, polls;
    std::array<Id, kErrorClasses> errors;
    std::map<std::pair<int, bool>, Id> requests;
    std::vector<Id> measures;
  };
  struct FlowIds {
    Id duration, scheduled, dropped, late;
    std::array<Id, 3> iterations;
  };
  struct BlockIds {
    Id lateness, sent, received;
  };

  void write_step(std::int32_t second, std::uint32_t place, const StepMetrics& metrics);
  void write_flow(std::int32_t second, std::uint32_t place, const FlowMetrics& metrics);
  void write_block(std::int32_t second, std::uint32_t place, const BlockMetrics& metrics);
  void histogram(Id& id, std::int32_t second, std::string_view metric, const Histogram& values,
                 const record::Tags& tags);
  void pair(std::array<Id, 2>& ids, std::int32_t second, std::string_view metric,
            const std::array<Histogram, 2>& values, const record::Tags& tags);
  void with_zeros(Id& id, std::int32_t second, std::string_view metric, const Histogram& values, std::uint64_t zeros,
                  const record::Tags& tags);
  void checks(StepIds& ids, std::int32_t second, const StepMetrics& metrics, const record::Tags& tags);
  void counter(Id& id, std::int32_t second, std::string_view metric, std::uint64_t value, const record::Tags& tags);

  const CompiledPlan& plan_;
  record::SeriesWriter* writer_;
  std::vector<StepIds> steps_;
  std::vector<FlowIds> flows_;
  std::vector<BlockIds> blocks_;
  std::vector<record::Tags> step_tags_, flow_tags_, block_tags_;
  std::vector<const std::vector<Measure>*> measures_;  // per step place; of the plan
  std::vector<std::string> poll_names_;                // per step place; empty: not a poll
  std::map<std::pair<std::string, std::string>, record::SeriesId> gauges_;
};

}  // namespace tidegate::loadgen
