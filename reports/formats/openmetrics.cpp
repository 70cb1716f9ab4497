// OpenMetrics 1.0 text: what GitLab's metrics reports compare between branches, and what a Pushgateway or a textfile
// collector takes. Names and labels are stable between runs.

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "record/compact_json.hpp"
#include "reports/format.hpp"
#include "reports/totals.hpp"

namespace tidegate::reports {
namespace {

using Labels = std::vector<std::pair<std::string_view, std::string>>;

std::string label_value(std::string_view text) {
  std::string out;
  for (const char c : record::valid_utf8(text)) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += "\xef\xbf\xbd";
    } else {
      out += c;
    }
  }
  return out;
}

/// Metric families in the order of their first sample, the samples of each together, as the format demands.
class Families {
 public:
  void add(std::string_view name, std::string_view help, const Labels& labels, double value) {
    if (!std::isfinite(value)) return;
    auto found =
        std::find_if(families_.begin(), families_.end(), [name](const auto& one) { return one.first == name; });
    if (found == families_.end()) {
      families_.emplace_back(name, fmt::format("# TYPE {0} gauge\n# HELP {0} {1}\n", name, help));
      found = std::prev(families_.end());
    }
    std::string text;
    for (const auto& [key, content] : labels) {
      text += fmt::format("{}{}=\"{}\"", text.empty() ? "" : ",", key, label_value(content));
    }
    found->second +=
        text.empty() ? fmt::format("{} {}\n", name, value) : fmt::format("{}{{{}}} {}\n", name, text, value);
  }

  std::string text() const {
    std::string out;
    for (const auto& [name, samples] : families_) out += samples;
    return out + "# EOF\n";
  }

 private:
  std::vector<std::pair<std::string, std::string>> families_;
};

void add_gates(Families& out, const record::Verdict& verdict) {
  for (const record::GateResult& gate : verdict.gates) {
    const Labels labels = {{"gate", gate.name}, {"window", gate.during}, {"unit", gate.unit}};
    out.add("tidegate_gate_holds", "1 when the gate holds, 0 when it does not or cannot be decided.", labels,
            gate.outcome == record::Outcome::pass || gate.outcome == record::Outcome::warn ? 1 : 0);
    if (gate.value) out.add("tidegate_gate_value", "What the gate measured, in its unit.", labels, *gate.value);
    if (gate.limit) out.add("tidegate_gate_limit", "The gate's limit, in its unit.", labels, *gate.limit);
  }
}

void add_requests(Families& out, const RunTotals& totals) {
  for (const StepTotals& step : totals.steps) {
    for (const double percentile : {50.0, 90.0, 99.0, 99.9}) {
      if (step.response.empty()) continue;
      out.add("tidegate_response_time_seconds", "Response time from the intended start, of judged time.",
              {{"step", step.name}, {"quantile", fmt::format("{}", percentile / 100)}},
              static_cast<double>(step.response.value_at_percentile(percentile)) / 1e6);
    }
  }
  for (const StepTotals& step : totals.steps) {
    const Labels labels = {{"step", step.name}};
    out.add("tidegate_requests", "Judged requests, or polls that ended.", labels,
            static_cast<double>(step.response.count()));
    out.add("tidegate_requests_failed", "Judged requests whose answer was not as expected.", labels,
            static_cast<double>(step.failed));
  }
}

}  // namespace

Result<void> render_openmetrics(const FormatInput& input, const Sink& sink) {
  Families out;
  const record::Verdict& verdict = input.verdict;
  out.add("tidegate_exit_code", "The verdict as exit code: 0 PASS, 97 ERROR, 98 INCONCLUSIVE, 99 FAIL.",
          {{"scenario", verdict.scenario}, {"variant", verdict.variant}, {"verdict", record::verdict_word(verdict)}},
          verdict.exit_code);
  out.add("tidegate_offered_per_second", "Iterations that the schedule asked for.", {}, verdict.validity.offered_per_s);
  out.add("tidegate_achieved_per_second", "Iterations that were completed.", {}, verdict.validity.achieved_per_s);
  add_gates(out, verdict);
  if (const auto totals = read_totals(input.directory, input.info)) add_requests(out, *totals);
  for (const record::FaultResult& fault : verdict.faults) {
    const Labels labels = {{"fault", fault.name}};
    out.add("tidegate_fault_hits", "What the fault touched.", labels, static_cast<double>(fault.hits));
    if (fault.time_to_detect_s) {
      out.add("tidegate_fault_time_to_detect_seconds", "From injection to the first failing second.", labels,
              *fault.time_to_detect_s);
    }
    if (fault.time_to_recover_s) {
      out.add("tidegate_fault_time_to_recover_seconds", "From heal to steady.", labels, *fault.time_to_recover_s);
    }
  }
  for (const record::LagSummary& lag : verdict.lag) {
    out.add("tidegate_lag_age_max_seconds", "Worst commit age of the group.",
            {{"group", lag.group}, {"topic", lag.topic}}, lag.max_age_s);
  }
  sink(out.text());
  return {};
}

}  // namespace tidegate::reports
