#include "reports/page_data.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/units.hpp"
#include "record/events.hpp"
#include "record/series.hpp"
#include "reports/charts.hpp"
#include "reports/downsample.hpp"

namespace tidegate::reports {
namespace {

constexpr std::size_t kMostCounterexamples = 50;
constexpr std::size_t kMostMarks = 200;
constexpr std::size_t kLongestScenario = 64U << 10;

/// Five significant digits are more than a screen shows.
json::value rounded(std::optional<double> value) {
  if (!value || !std::isfinite(*value)) return nullptr;
  if (*value == 0) return 0;
  const double scale = std::pow(10.0, 4 - std::floor(std::log10(std::abs(*value))));
  const double out = std::round(*value * scale) / scale;
  constexpr double kExactInteger = 1e15;
  if (out == std::floor(out) && std::abs(out) < kExactInteger) return static_cast<std::int64_t>(out);
  return std::isfinite(out) ? json::value(out) : json::value(nullptr);
}

class PageData {
 public:
  PageData(const record::RunDirectory& directory, const record::RunInfo& info) : directory_(directory), info_(info) {}

  json::object build() {
    add_run();
    add_verdict();
    add_events();
    add_charts();
    page_["cut_short"] = cut_short();
    page_["notices"] = std::move(notices_);
    return std::move(page_);
  }

 private:
  void notice(std::string text) { notices_.emplace_back(std::move(text)); }

  void add_run() {
    json::object run = record::to_json(info_).as_object();
    run["seed"] = std::to_string(info_.seed);  // JavaScript's numbers end at 2^53
    if (info_.scenario.size() > kLongestScenario) {
      run["scenario"] = info_.scenario.substr(0, kLongestScenario) + "\n# cut here; run.json has all of it\n";
    }
    run.erase("load");
    page_["run"] = std::move(run);
    page_["directory"] = directory_.path();
  }

  void add_verdict() {
    const auto verdict = directory_.read_verdict();
    if (!verdict) {
      page_["verdict"] = nullptr;
      notice("There is no verdict yet (" + verdict.error().message + "); judge with: tidegate report " +
             directory_.path());
      return;
    }
    json::object object = record::to_json(*verdict).as_object();
    object["seed"] = std::to_string(verdict->seed);
    for (json::value& finding : object["audit"].as_array()) {
      json::array& examples = finding.as_object()["counterexamples"].as_array();
      finding.as_object()["violations"] = examples.size();
      if (examples.size() > kMostCounterexamples) examples.resize(kMostCounterexamples);
    }
    page_["verdict"] = std::move(object);
    verdict_says_cut_ = verdict->cut_short;
    if (verdict->interrupted) notice("The run was interrupted; faults were healed and what ran was judged.");
  }

  void add_events() {
    json::array faults, marks;
    if (const auto log = record::read_events(directory_.events())) {
      events_cut_ = log->cut_short;
      for (const auto& span : record::fault_spans(*log)) faults.push_back(fault(span));
      for (const auto& event : log->events) {
        const std::string text = mark_text(event);
        if (!text.empty() && marks.size() < kMostMarks) {
          marks.push_back(json::object{{"t", rounded(to_seconds(event.time))}, {"text", text}});
        }
      }
    } else {
      notice(log.error().message);
    }
    page_["faults"] = std::move(faults);
    page_["marks"] = std::move(marks);
  }

  static json::object fault(const record::FaultSpan& span) {
    const std::optional<double> healed = span.was_healed ? std::optional(to_seconds(span.healed)) : std::nullopt;
    return {{"name", span.fault},        {"kind", span.kind},
            {"target", span.target},     {"injected", rounded(to_seconds(span.injected))},
            {"healed", rounded(healed)}, {"hits", span.hits},
            {"failure", span.failure}};
  }

  /// What a person wants to see on the time axis beside phases and faults; empty for all else.
  static std::string mark_text(const record::Event& event) {
    const auto field = [&event](std::string_view name) { return string_member(event.fields, name).value_or(""); };
    if (event.type == "process_exited" && !boolean_member(event.fields, "asked").value_or(false)) {
      return field("process") + " died: " + field("status");
    }
    if (event.type == "harness_error") return "harness error: " + field("message");
    if (event.type == "probe_failed") return "probe " + field("probe") + " failed: " + field("message");
    if (event.type == "fault_failed") return "fault " + field("fault") + " failed: " + field("message");
    if (event.type == "interrupted") return "interrupted by " + field("signal");
    return {};
  }

  void add_charts() {
    record::SeriesSet set;
    if (auto read = record::read_series(directory_.series())) {
      set = std::move(*read);
      series_cut_ = set.cut_short_reason;
    } else {
      notice(read.error().message);
    }
    const std::vector<Chart> charts = build_charts(info_, set);
    const auto [start, end] = chart_range(info_, charts);
    const TimeAxis axis = TimeAxis::covering(start, end);
    json::array times;
    for (const double time : axis.times()) times.push_back(rounded_time(time));
    measured_end_ = measured_end(charts);
    page_["axis"] = json::object{
        {"start", axis.start}, {"end", axis.end}, {"bin_seconds", axis.bin_seconds}, {"measured_end", measured_end_}};
    page_["time"] = std::move(times);
    json::array list;
    for (const Chart& chart : charts) list.push_back(chart_to_json(chart, axis, measured_end_));
    page_["charts"] = std::move(list);
  }

  static json::value rounded_time(double time) {
    if (time == std::floor(time)) return static_cast<std::int64_t>(time);
    return time;
  }

  static json::object chart_to_json(const Chart& chart, const TimeAxis& axis, std::int32_t measured_end) {
    json::array lines;
    for (const ChartLine& line : chart.lines) {
      json::array values;
      const std::int32_t zero_until = line.absent_is_zero ? measured_end : axis.start;
      for (const auto& value : resampled(line.values, axis, zero_until)) values.push_back(rounded(value));
      lines.push_back(json::object{{"label", line.label}, {"role", line.role}, {"values", std::move(values)}});
    }
    return {{"id", chart.id},
            {"title", chart.title},
            {"unit", chart.unit},
            {"note", chart.note},
            {"lines", std::move(lines)}};
  }

  /// What is missing at the end of the run and from where on; null for a run that is whole.
  json::value cut_short() const {
    std::vector<std::string> why;
    if (!info_.finished) why.emplace_back("the run was killed, or is still going on");
    if (!series_cut_.empty()) why.push_back(series_cut_);
    if (info_.finished && events_cut_) why.emplace_back("events.ndjson holds no end of the run");
    if (why.empty() && verdict_says_cut_) why.emplace_back("its files end early");
    if (why.empty()) return nullptr;
    return json::value(fmt::format("Cut short at {}: {}. What was recorded until then is shown.",
                                   format_seconds(measured_end_), fmt::join(why, "; ")));
  }

  const record::RunDirectory& directory_;
  const record::RunInfo& info_;
  json::object page_;
  json::array notices_;
  bool verdict_says_cut_ = false;
  bool events_cut_ = false;
  std::string series_cut_;
  std::int32_t measured_end_ = 0;
};

}  // namespace

Result<json::object> page_data(const record::RunDirectory& directory) {
  const auto info = directory.read_info();
  if (!info) return info.error();
  return PageData(directory, *info).build();
}

}  // namespace tidegate::reports
