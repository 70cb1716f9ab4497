#pragma once
// The names that expressions may use: metrics, their tags, and the values that the plan knows for them.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gates/gate.hpp"
#include "gates/quantity.hpp"
#include "record/metrics.hpp"

namespace tidegate::gates {

/// How a metric is gated.
struct MetricKind {
  record::SeriesKind series = record::SeriesKind::histogram;
  Dimension dimension = Dimension::time;  ///< of one value
  bool is_poll = false;
  /// Failures over requests: `rate` of it is a share.
  bool is_failure_share = false;
};

/// Whether a metric has one sample per step that is a request, and none for polls.
bool is_time_of_steps(std::string_view metric);

class Vocabulary {
 public:
  /// The context must outlive it.
  explicit Vocabulary(const GateContext& context) : context_(context) {}

  std::optional<MetricKind> metric(std::string_view name) const;
  std::vector<std::string> metric_names() const;
  /// The tags that series of this metric carry.
  std::vector<std::string> tags_of(std::string_view metric) const;
  /// The values that a tag can have; none when they are not known before the run.
  std::optional<std::vector<std::string>> values_of(std::string_view metric, std::string_view tag) const;
  /// Names of the steps that are requests, not polls.
  std::vector<std::string> request_steps() const;

 private:
  bool is_poll(std::string_view name) const;
  std::vector<std::string> steps_with(std::string_view metric) const;
  const GateContext& context_;
};

}  // namespace tidegate::gates
