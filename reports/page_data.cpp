#include "reports/page_data.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include <fmt/format.h>

#include "base/units.hpp"
#include "record/events.hpp"
#include "record/rollup.hpp"
#include "record/series_index.hpp"
#include "reports/capacity_data.hpp"
#include "reports/charts.hpp"
#include "reports/downsample.hpp"
#include "reports/latency_data.hpp"
#include "reports/payment_life.hpp"
#include "reports/review.hpp"
#include "reports/run_events.hpp"

namespace tidegate::reports {
namespace {

constexpr std::size_t kMostCounterexamples = 50;
constexpr std::size_t kMostEvents = 500;
constexpr std::size_t kLongestScenario = 64U << 10;

json::value rounded_time(double time) {
  if (time == std::floor(time)) return static_cast<std::int64_t>(time);
  return time;
}

json::object chart_to_json(const Chart& chart, const TimeAxis& axis, std::int32_t measured_end) {
  json::array lines;
  for (const ChartLine& line : chart.lines) {
    json::array values;
    const std::int32_t zero_until = line.absent_is_zero ? measured_end : axis.start;
    for (const auto& value : resampled(line.values, axis, zero_until)) values.push_back(rounded(value));
    lines.push_back(json::object{{"label", line.label}, {"role", line.role}, {"values", std::move(values)}});
  }
  return {{"id", chart.id},     {"title", chart.title}, {"unit", chart.unit},
          {"note", chart.note}, {"empty", chart.empty}, {"lines", std::move(lines)}};
}

/// A run that is over and longer than this is drawn from its values by tens of seconds: each of the picture's points
/// stands for two of them at least.
constexpr std::int32_t kRolledFrom = 10'000;

/// Charts of tens of seconds as charts of seconds: what was counted in ten is a tenth of it each second.
void spread_tens(std::vector<Chart>& charts) {
  for (Chart& chart : charts) {
    if (const std::size_t at = chart.note.find("each second"); at != std::string::npos) {
      chart.note.replace(at, std::string_view("each second").size(), "each ten seconds");
    }
    for (ChartLine& line : chart.lines) {
      if (!line.absent_is_zero) continue;
      std::map<std::int32_t, double> seconds;
      for (const auto& [ten, value] : line.values) {
        for (std::int32_t i = 0; i < record::kRollupSeconds; ++i) {
          seconds.emplace_hint(seconds.end(), ten + i, value / record::kRollupSeconds);
        }
      }
      line.values = std::move(seconds);
    }
  }
}

/// One reading of the directory; what the series gave before is kept in the state beside it.
class PageData {
 public:
  PageData(const record::RunDirectory& directory, const record::RunInfo& info) : directory_(directory), info_(info) {}

  json::object build(const record::SeriesIndex* index, bool rolled, const std::string& index_error,
                     LatencyFold& latency, std::vector<BurnFold>& burns) {
    rolled_ = rolled;
    add_run();
    add_verdict();
    add_events();
    if (index != nullptr) {
      series_cut_ = index->cut_short();
      add_charts(*index, latency, burns);
    } else {
      notice(index_error);
      add_no_charts();
    }
    page_["cut_short"] = cut_short();
    page_["notices"] = std::move(notices_);
    return std::move(page_);
  }

  int resolution_s() const { return resolution_s_; }

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
    page_["live"] = false;
  }

  void add_verdict() {
    const auto verdict = directory_.read_verdict();
    page_["lives"] = json::array{};
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
    page_["lives"] = payment_lives(directory_, verdict->audit, kMostCounterexamples);
    verdict_says_cut_ = verdict->cut_short;
    if (info_.finished) judged_ = *verdict;
    if (verdict->interrupted) notice("The run was interrupted; faults were healed and what ran was judged.");
  }

  void add_events() {
    json::array faults, marks, events, searches;
    if (const auto log = record::read_events(directory_.events())) {
      events_cut_ = log->cut_short;
      for (const auto& span : record::fault_spans(*log)) faults.push_back(fault(span));
      searches = capacity_searches(*log);
      for (const auto& event : log->events) {
        const EventText text = describe(event);
        if (text.text.empty() || events.size() == kMostEvents) continue;
        json::object entry{{"t", rounded(to_seconds(event.time))}, {"text", text.text}};
        if (text.wrong) marks.push_back(entry);
        events.push_back(std::move(entry));
      }
    } else {
      notice(log.error().message);
    }
    page_["faults"] = std::move(faults);
    page_["marks"] = std::move(marks);
    page_["searches"] = std::move(searches);
    page_["events"] = std::move(events);
  }

  static json::object fault(const record::FaultSpan& span) {
    const std::optional<double> healed = span.was_healed ? std::optional(to_seconds(span.healed)) : std::nullopt;
    return {{"name", span.fault},        {"kind", span.kind},
            {"target", span.target},     {"injected", rounded(to_seconds(span.injected))},
            {"healed", rounded(healed)}, {"hits", span.hits},
            {"failure", span.failure}};
  }

  void add_charts(const record::SeriesIndex& index, LatencyFold& latency, std::vector<BurnFold>& burns) {
    const auto [start, end] = chart_range(info_, index);
    const TimeAxis axis = TimeAxis::covering(start, end);
    resolution_s_ = axis.bin_seconds;
    latency.update(index, HeatAxis::covering(axis));
    for (BurnFold& burn : burns) burn.update(index);
    std::vector<Chart> charts = build_charts(info_, index, latency, burns);
    if (rolled_) spread_tens(charts);
    json::array times;
    for (const double time : axis.times()) times.push_back(rounded_time(time));
    measured_end_ = index.range().second;
    add_axis(axis);
    page_["time"] = std::move(times);
    json::array list;
    for (const Chart& chart : charts) list.push_back(chart_to_json(chart, axis, measured_end_));
    page_["charts"] = std::move(list);
    page_["heat"] = heat_to_json(latency, charts);
    page_["steps"] = steps_to_json(info_, index, latency);
    page_["reviews"] = reviews(index);
  }

  /// The windows of a fault need single seconds.
  json::array reviews(const record::SeriesIndex& index) const {
    if (!judged_ || judged_->faults.empty()) return {};
    if (!rolled_) return reviews_to_json(info_, index, *judged_);
    const auto seconds = record::SeriesIndex::open(directory_.series());
    return seconds ? reviews_to_json(info_, *seconds, *judged_) : json::array{};
  }

  void add_axis(const TimeAxis& axis) {
    page_["axis"] = json::object{
        {"start", axis.start}, {"end", axis.end}, {"bin_seconds", axis.bin_seconds}, {"measured_end", measured_end_}};
  }

  void add_no_charts() {
    add_axis(TimeAxis::covering(0, 0));
    page_["time"] = json::array{};
    page_["charts"] = json::array{};
    page_["heat"] = json::object{{"start", 0}, {"seconds", 1}, {"charts", json::object{}}};
    page_["steps"] = json::array{};
    page_["reviews"] = json::array{};
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
  bool rolled_ = false;
  bool verdict_says_cut_ = false;
  bool events_cut_ = false;
  std::string series_cut_;
  std::optional<record::Verdict> judged_;  // of a run that is over
  std::int32_t measured_end_ = 0;
  int resolution_s_ = 1;
};

}  // namespace

struct PageSource::State {
  explicit State(const record::RunDirectory& opened) : directory(opened) {}
  record::RunDirectory directory;
  record::RunInfo info;
  std::unique_ptr<record::SeriesIndex> index;
  std::unique_ptr<LatencyFold> latency;
  std::vector<BurnFold> burns;
  std::string index_error;
  bool rolled = false;
  int resolution_s = 1;

  void read_series() {
    if (index != nullptr) {
      index->refresh();
      return;
    }
    rolled = info.finished && info.ended_s.value_or(0) >= kRolledFrom && std::filesystem::exists(directory.rollup());
    if (auto opened = record::SeriesIndex::open(rolled ? directory.rollup() : directory.series())) {
      index = std::make_unique<record::SeriesIndex>(std::move(*opened));
    } else {
      index_error = opened.error().message;
    }
  }
};

PageSource::PageSource(const record::RunDirectory& directory) : state_(std::make_unique<State>(directory)) {}
PageSource::~PageSource() = default;

Result<json::object> PageSource::data() {
  auto info = state_->directory.read_info();
  if (!info) return info.error();
  state_->info = std::move(*info);
  if (state_->latency == nullptr) {
    state_->latency = std::make_unique<LatencyFold>(state_->info);
    for (Budget& budget : budgets_of(state_->info)) state_->burns.emplace_back(std::move(budget));
  }
  state_->read_series();
  PageData page(state_->directory, state_->info);
  json::object data =
      page.build(state_->index.get(), state_->rolled, state_->index_error, *state_->latency, state_->burns);
  state_->resolution_s = page.resolution_s();
  return data;
}

int PageSource::resolution_s() const {
  return state_->resolution_s;
}

Result<json::object> page_data(const record::RunDirectory& directory) {
  return PageSource(directory).data();
}

}  // namespace tidegate::reports
