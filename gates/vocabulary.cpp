#include "gates/vocabulary.hpp"

#include <algorithm>
#include <array>

#include "gates/lag_metrics.hpp"

namespace tidegate::gates {
namespace {

using record::SeriesKind;

struct TagList {
  std::string_view metric;
  std::vector<std::string> tags;
};

// Tags as record/metrics.hpp documents them.
const std::vector<TagList>& tag_lists() {
  static const std::vector<TagList> kLists = [] {
    const std::vector<std::string> request = {"name", "flow", "block", "expected"};
    const std::vector<std::string> step = {"name", "flow", "block"};
    const std::vector<std::string> iteration = {"block", "flow"};
    return std::vector<TagList>{
        {record::kResponseTime, request},
        {record::kResponseTimeFromSend, request},
        {record::kHttpReqDuration, request},
        {record::kHttpReqWaiting, request},
        {record::kHttpReqBlocked, step},
        {record::kHttpReqConnecting, step},
        {record::kHttpReqTlsHandshaking, step},
        {record::kHttpReqSending, step},
        {record::kHttpReqReceiving, step},
        {record::kChecks, {"name", "flow", "block", "passed"}},
        {record::kHttpReqs, {"name", "flow", "block", "expected", "status"}},
        {record::kHttpReqFailed, {"name", "flow", "block"}},
        {record::kErrors, {"name", "flow", "block", "class"}},
        {record::kIterations, {"block", "flow", "outcome"}},
        {record::kIterationDuration, iteration},
        {record::kDroppedIterations, iteration},
        {record::kScheduledIterations, iteration},
        {record::kLateIterations, iteration},
        {record::kScheduleLateness, {"block"}},
        {record::kGeneratorCpu, {"loop"}},
        {record::kGeneratorRunQueueWait, {"loop"}},
        {record::kPolls, {"name", "flow", "block"}},
        {record::kLagRecords, {"group", "topic", "partition"}},
        {record::kLagAge, {"group", "topic", "partition"}},
        {record::kLagReadAge, {"group", "topic", "partition"}},
        {record::kLagEvicted, {"group", "topic", "partition"}},
        {kLagDrainEstimate, {"group", "topic", "partition"}},
        {record::kLagStalledPartitions, {"group", "topic", "partition"}},
        {record::kLagRewinds, {"group", "topic", "partition"}},
        {record::kTimeToResolve, {"when"}},
        {record::kUnknownOutcomes, {}},
        {record::kFaultHits, {"fault"}},
        {record::kProcessCpu, {"process"}},
        {record::kMachineBusy, {}},
        {record::kMachineStolen, {}},
        {record::kProbeValue, {"probe"}},
        {record::kProbeSilent, {"probe"}},
    };
  }();
  return kLists;
}

Dimension dimension_of(std::string_view unit) {
  if (unit == "us" || unit == "s") return Dimension::time;
  if (unit == "share") return Dimension::share;
  if (unit == "bytes") return Dimension::bytes;
  if (unit == "records") return Dimension::records;
  return Dimension::count;
}

}  // namespace

void keep_own_metrics(const GateContext& context, json::object& extra) {
  json::array names;
  for (const std::string& name : context.poll_metrics) names.emplace_back(name);
  extra["poll_metrics"] = std::move(names);
  json::object units;
  for (const auto& [name, unit] : context.measure_units) units[name] = unit;
  if (!units.empty()) extra["measure_units"] = std::move(units);
}

void read_own_metrics(const json::object& extra, GateContext& context) {
  if (const json::value* names = extra.if_contains("poll_metrics"); names != nullptr && names->is_array()) {
    for (const json::value& name : names->get_array()) {
      if (name.is_string()) context.poll_metrics.emplace_back(std::string_view(name.get_string()));
    }
  }
  if (const json::value* units = extra.if_contains("measure_units"); units != nullptr && units->is_object()) {
    for (const auto& [name, unit] : units->get_object()) {
      if (unit.is_string()) context.measure_units[std::string(name)] = std::string_view(unit.get_string());
    }
  }
}

bool Vocabulary::is_poll(std::string_view name) const {
  return std::find(context_.poll_metrics.begin(), context_.poll_metrics.end(), name) != context_.poll_metrics.end();
}

std::optional<MetricKind> Vocabulary::metric(std::string_view name) const {
  if (const auto unit = context_.measure_units.find(std::string(name)); unit != context_.measure_units.end()) {
    return MetricKind{SeriesKind::histogram, dimension_of(unit->second), true, false};
  }
  if (is_poll(name)) return MetricKind{SeriesKind::histogram, Dimension::time, true, false};
  const record::MetricInfo* info = record::find_metric(name);
  if (info == nullptr) return std::nullopt;
  return MetricKind{info->kind, dimension_of(info->unit), false, name == record::kHttpReqFailed};
}

std::vector<std::string> Vocabulary::metric_names() const {
  std::vector<std::string> names = context_.poll_metrics;
  for (const record::MetricInfo& info : record::metric_catalogue()) names.emplace_back(info.name);
  return names;
}

std::vector<std::string> Vocabulary::tags_of(std::string_view metric) const {
  if (is_poll(metric)) return {"flow", "block", "expected"};
  for (const TagList& list : tag_lists()) {
    if (list.metric == metric) return list.tags;
  }
  return {};
}

bool is_time_of_steps(std::string_view metric) {
  return metric == record::kResponseTime || metric == record::kResponseTimeFromSend;
}

std::vector<std::string> Vocabulary::request_steps() const {
  std::vector<std::string> names;
  for (const record::PlannedLoad& load : context_.load) {
    for (const auto& [flow, steps] : load.steps) {
      for (const std::string& step : steps) {
        if (!is_poll(step) && std::find(names.begin(), names.end(), step) == names.end()) names.push_back(step);
      }
    }
  }
  return names;
}

std::vector<std::string> Vocabulary::steps_with(std::string_view metric) const {
  if (metric == record::kPolls) return context_.poll_metrics;
  std::vector<std::string> names = request_steps();
  // A poll's requests are requests too, but its time is the metric of its own name.
  if (!is_time_of_steps(metric)) names.insert(names.end(), context_.poll_metrics.begin(), context_.poll_metrics.end());
  return names;
}

std::optional<std::vector<std::string>> Vocabulary::values_of(std::string_view metric, std::string_view tag) const {
  if (tag == "name") return steps_with(metric);
  if (tag == "group") return context_.groups;
  if (tag == "fault") return context_.faults;
  if (tag == "expected") return std::vector<std::string>{"any", "true", "false"};
  if (tag == "passed") return std::vector<std::string>{"true", "false"};
  if (tag == "outcome") return std::vector<std::string>{"ok", "failed", "interrupted"};
  if (tag == "class") {
    // All that the load engine knows: a class that does not exist would count nothing, and pass.
    return std::vector<std::string>{"refused", "unreachable", "descriptors", "ports",    "memory",
                                    "reset",   "closed",      "timeout",     "protocol", "tls",
                                    "status",  "expectation", "capture",     "data",     "interrupted"};
  }
  std::vector<std::string> names;
  for (const record::PlannedLoad& load : context_.load) {
    if (tag == "block") names.push_back(load.block);
    if (tag != "flow") continue;
    for (const auto& [flow, share] : load.flows) names.push_back(flow);
  }
  if (tag == "block" || tag == "flow") return names;
  return std::nullopt;
}

}  // namespace tidegate::gates
