#include "reports/format.hpp"

#include <algorithm>
#include <array>

#include "base/json.hpp"

namespace tidegate::reports {
namespace {

constexpr std::array kFormats = {
    Format{"json", "verdict.json, for programs; its JSON Schema is docs/schemas/verdict.schema.json", render_json},
    Format{"junit", "JUnit XML, a test case per gate and window: Jenkins, GitLab, GitHub, Azure", render_junit},
    Format{"markdown", "GitHub step summary, also for comments on merge requests", render_markdown},
    Format{"openmetrics", "OpenMetrics text: GitLab metrics reports, Prometheus", render_openmetrics},
    Format{"csv", "every series, a row per second", render_csv},
    Format{"hdr", "HdrHistogram log (1.3) of all response times, tagged by step", render_hdr_log},
    Format{"otlp", "OTLP JSON lines of all series, ten seconds a point, for an OpenTelemetry collector", render_otlp},
};

}  // namespace

std::span<const Format> formats() {
  return kFormats;
}

const Format* find_format(std::string_view name) {
  const auto found =
      std::find_if(kFormats.begin(), kFormats.end(), [name](const Format& format) { return format.name == name; });
  return found == kFormats.end() ? nullptr : &*found;
}

Result<void> render_json(const FormatInput& input, const Sink& sink) {
  sink(pretty_json(record::to_json(input.verdict)) + "\n");
  return {};
}

}  // namespace tidegate::reports
