#pragma once
// The text format in which Prometheus scrapes metrics.
// Source: https://prometheus.io/docs/instrumenting/exposition_formats/, version 0.0.4; OpenMetrics' `# EOF` and
// exemplars are passed over.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace tidegate::gates {

struct ScrapedSample {
  std::string name;
  std::vector<std::pair<std::string, std::string>> labels;  ///< in the order of the text
  double value = 0;                                         ///< may be NaN or infinite
  const std::string* label(std::string_view key) const;
};

/// Every sample of a scrape; an error names the line that is not of the format.
Result<std::vector<ScrapedSample>> parse_exposition(std::string_view text);

/// `outbox_depth{service="gateway"}`: which samples are meant. Labels that are not named are free.
struct SampleSelector {
  std::string name;
  std::vector<std::pair<std::string, std::string>> labels;
  bool matches(const ScrapedSample& sample) const;
};
Result<SampleSelector> parse_sample_selector(std::string_view text);

}  // namespace tidegate::gates
