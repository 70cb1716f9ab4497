#include "gates/run_facts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/json.hpp"
#include "base/units.hpp"
#include "gates/bounds.hpp"
#include "gates/lag_metrics.hpp"
#include "gates/quantity.hpp"

namespace tidegate::gates {
namespace {

using record::Event;

std::string text_of(const Event& event, std::string_view field) {
  return string_member(event.fields, field).value_or(std::string());
}

std::string at_text(double seconds) {
  return fmt::format("{:.1f} s", seconds);
}

// Unknown is not asked: a process that died without a record of who asked is a dead process.
void add_exit(const Event& event, RunFacts& facts) {
  if (boolean_member(event.fields, "asked").value_or(false)) return;
  const double at = to_seconds(event.time);
  const std::string status = text_of(event, "status");
  const std::string what = fmt::format("process {} {}{}{}", text_of(event, "process"),
                                       at < 0 ? "exited before load started" : "died unasked at " + at_text(at),
                                       status.empty() ? "" : ": ", status);
  if (at < 0) {
    facts.errors.push_back({at, what, ""});
  } else {
    facts.failures.push_back({at, true, what});
  }
}

void add_drain(const Event& event, RunFacts& facts) {
  if (boolean_member(event.fields, "drained").value_or(false)) return;
  const auto seconds = number_member(event.fields, "seconds");
  std::string open;
  if (const auto* value = event.fields.if_contains("open"); value != nullptr && !value->is_null()) {
    open = ": " + (value->is_string() ? std::string(value->as_string()) : json::serialize(*value)) + " open";
  }
  const std::string what =
      "the system did not drain" + (seconds ? " within " + format_quantity(*seconds, Dimension::time) : "") + open;
  facts.failures.push_back({to_seconds(event.time), false, what});
}

void add_event(const Event& event, RunFacts& facts) {
  const double at = to_seconds(event.time);
  if (event.type == "process_exited") return add_exit(event, facts);
  if (event.type == "drain_ended") return add_drain(event, facts);
  if (event.type == "harness_error") {
    facts.errors.push_back({at, fmt::format("harness error at {}: {}", at_text(at), text_of(event, "message")), ""});
  } else if (event.type == "probe_failed") {
    const std::string probe = text_of(event, "probe");
    facts.errors.push_back(
        {at, fmt::format("probe {} failed at {}: {}", probe, at_text(at), text_of(event, "message")), probe});
  } else if (event.type == "aborted") {
    facts.aborted = text_of(event, "message");
  } else if (event.type == "interrupted") {
    facts.interrupted = true;
  }
}

std::string offset_text(const json::object& fields, std::string_view name) {
  const auto value = integer_member(fields, name);
  return value ? std::to_string(*value) : std::string("?");
}

void add_lost_records(const Evidence& evidence, RunFacts& facts) {
  std::set<std::string> told;  // partitions whose loss an event describes with its offsets
  for (const Event& event : evidence.events().events) {
    if (event.type != kRecordsLostEvent) continue;
    const std::string group = text_of(event, "group"), topic = text_of(event, "topic");
    const std::string partition = offset_text(event.fields, "partition");
    told.insert(group + "\n" + topic + "\n" + partition);
    facts.failures.push_back(
        {to_seconds(event.time), true,
         fmt::format("group {} lost records of {}/{}: committed offset {} lies below the lowest one, {}", group, topic,
                     partition, offset_text(event.fields, "committed"), offset_text(event.fields, "low_watermark"))});
  }
  for (const record::Series* series : evidence.series(kLagLostRecords)) {
    const auto tag = [&](std::string_view name) {
      const std::string* value = series->key.tag(name);
      return value != nullptr ? *value : std::string("?");
    };
    double lost = 0;
    for (const auto& [second, value] : series->values) lost += value;
    if (lost <= 0 || told.contains(tag("group") + "\n" + tag("topic") + "\n" + tag("partition"))) continue;
    facts.failures.push_back(
        {static_cast<double>(series->values.begin()->first), true,
         fmt::format("group {} lost {:.0f} records of {}/{}", tag("group"), lost, tag("topic"), tag("partition"))});
  }
}

std::vector<double> judged_values(const Evidence& evidence, const record::Series& series) {
  std::vector<double> values;
  for (const auto& [second, value] : series.values) {
    if (evidence.judged().contains(second) && std::isfinite(value)) values.push_back(value);
  }
  std::sort(values.begin(), values.end());
  return values;
}

}  // namespace

double RunFacts::first_error(std::string_view probe) const {
  double first = std::numeric_limits<double>::infinity();
  for (const HarnessError& error : errors) {
    // A probe is named after its kind, maybe with what it watches: "lag", "lag:ledger".
    const bool touches = error.probe.empty() || (!probe.empty() && error.probe.starts_with(probe));
    if (touches) first = std::min(first, error.at);
  }
  return first;
}

RunFacts run_facts(const Evidence& evidence, const record::SeriesSet& series) {
  RunFacts facts;
  facts.interrupted = evidence.run().interrupted;
  for (const Event& event : evidence.events().events) add_event(event, facts);
  add_lost_records(evidence, facts);
  if (series.cut_short) {
    facts.cut_short = true;
    facts.cut_short_reason = "the series are cut short: " + series.cut_short_reason;
  } else if (evidence.events().cut_short) {
    facts.cut_short = true;
    facts.cut_short_reason = fmt::format("the run was cut short: its event log has no end, its data end at {}",
                                         at_text(evidence.data_end()));
  }
  return facts;
}

std::vector<record::LagSummary> lag_summaries(const Evidence& evidence) {
  std::vector<record::LagSummary> summaries;
  for (const record::Series* age : evidence.series(record::kLagAge)) {
    const std::string* group = age->key.tag("group");
    const std::string* topic = age->key.tag("topic");
    const std::string* partition = age->key.tag("partition");
    if (group == nullptr || topic == nullptr || partition == nullptr || *partition != "all") continue;
    record::LagSummary summary;
    summary.group = *group;
    summary.topic = *topic;
    const auto ages = judged_values(evidence, *age);
    if (!ages.empty()) {
      summary.max_age_s = ages.back();
      summary.p99_age_s = ages[quantile_rank(ages.size(), 0.99) - 1];
    }
    const Selector same = {{"group", *group}, {"topic", *topic}, {"partition", "all"}};
    for (const record::Series* records : evidence.series(record::kLagRecords)) {
      if (!same.matches(records->key)) continue;
      const auto values = judged_values(evidence, *records);
      if (!values.empty()) summary.max_records = static_cast<std::uint64_t>(std::max(values.back(), 0.0));
    }
    summaries.push_back(std::move(summary));
  }
  return summaries;
}

}  // namespace tidegate::gates
