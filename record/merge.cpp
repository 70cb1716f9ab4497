#include "record/merge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "record/compact_json.hpp"
#include "record/events.hpp"
#include "record/operations.hpp"
#include "record/series.hpp"

namespace tidegate::record {
namespace {

struct Part {
  std::string path;
  RunInfo info;
  SeriesSet series;
  EventLog events;
  std::optional<std::vector<AuditFinding>> findings;
};

Result<Part> read_part(const RunDirectory& directory) {
  auto info = directory.read_info();
  if (!info) return info.error();
  auto series = read_series(directory.series());
  if (!series) return series.error();
  auto events = read_events(directory.events());
  if (!events) return events.error();
  auto findings = directory.read_findings();
  if (!findings) return findings.error();
  return Part{directory.path(), std::move(*info), std::move(*series), std::move(*events), std::move(*findings)};
}

std::string history_of(const Part& part) {
  std::error_code ignored;
  const std::string path = part.path + "/operations.tgo";
  return std::filesystem::exists(path, ignored) ? path : std::string();
}

// Before anything is written.
Result<void> check_history(const Part& part) {
  const std::string path = history_of(part);
  if (path.empty()) return {};
  const auto cut = visit_operations(path, [](const Operation&) {});
  if (!cut) return cut.error();
  return *cut ? Result<void>(usage_error(path + ": cut short: a part is incomplete")) : Result<void>();
}

Result<void> check_parts(const std::vector<Part>& parts) {
  const RunInfo& first = parts.front().info;
  std::set<std::filesystem::path> seen;
  for (const Part& part : parts) {
    std::error_code ignored;
    if (!seen.insert(std::filesystem::weakly_canonical(part.path, ignored)).second) {
      return usage_error(part.path + ": given twice");
    }
    const RunInfo& info = part.info;
    if (info.name != first.name || info.variant != first.variant || info.scenario != first.scenario) {
      return usage_error(fmt::format("{} and {} are not segments of one run: they play different scenarios",
                                     parts.front().path, part.path));
    }
    if (info.seed != first.seed) {
      return usage_error(fmt::format("{} and {} are not segments of one run: seeds {} and {}", parts.front().path,
                                     part.path, first.seed, info.seed));
    }
    if (part.series.cut_short) return usage_error(part.series.cut_short_reason + ": a part is incomplete");
    if (auto whole = check_history(part); !whole) return whole;
  }
  return {};
}

// Blocks of the same name play parts of one schedule.
std::vector<PlannedLoad> summed_load(const std::vector<Part>& parts) {
  std::vector<PlannedLoad> loads;
  for (const Part& part : parts) {
    for (const PlannedLoad& one : part.info.load) {
      const auto found = std::find_if(loads.begin(), loads.end(), [&](const auto& l) { return l.block == one.block; });
      if (found == loads.end()) {
        loads.push_back(one);
        continue;
      }
      found->planned_iterations += one.planned_iterations;
      std::map<std::int32_t, double> rate(found->rate.begin(), found->rate.end());
      for (const auto& [second, per_second] : one.rate) rate[second] += per_second;
      found->rate.assign(rate.begin(), rate.end());
    }
  }
  return loads;
}

RunInfo merged_info(const std::vector<Part>& parts) {
  RunInfo info = parts.front().info;
  info.load = summed_load(parts);
  json::array paths;
  for (const Part& part : parts) {
    info.finished = info.finished && part.info.finished;
    info.interrupted = info.interrupted || part.info.interrupted;
    info.unix_origin_s = std::min(info.unix_origin_s, part.info.unix_origin_s);
    info.started_at = std::min(info.started_at, part.info.started_at);
    if (part.info.ended_s) info.ended_s = std::max(info.ended_s.value_or(*part.info.ended_s), *part.info.ended_s);
    paths.emplace_back(part.path);
  }
  info.extra["merged_from"] = std::move(paths);
  return info;
}

// Every value of every part under its key: counters summed, gauges by their rule.
using Numbers = std::map<SeriesKey, std::map<std::int32_t, double>>;

Numbers merged_numbers(const std::vector<Part>& parts) {
  Numbers numbers;
  for (const Part& part : parts) {
    for (const Series& series : part.series.series) {
      const bool adds = series.key.kind == SeriesKind::counter || series.key.metric == kVus;
      for (const auto& [second, value] : series.values) {
        const auto [at, added] = numbers[series.key].try_emplace(second, value);
        if (!added) at->second = adds ? at->second + value : std::max(at->second, value);
      }
    }
  }
  return numbers;
}

Result<void> write_series(const std::vector<Part>& parts, const std::string& path) {
  auto writer = SeriesWriter::create(path);
  if (!writer) return writer.error();
  SeriesWriter& out = **writer;
  for (const auto& [key, values] : merged_numbers(parts)) {
    const SeriesId id = out.intern(key);
    for (const auto& [second, value] : values) {
      if (key.kind == SeriesKind::counter) {
        out.add(second, id, value);
      } else {
        out.set(second, id, value);
      }
    }
  }
  if (auto flushed = out.flush(); !flushed) return flushed;
  for (const Part& part : parts) {
    for (const Series& series : part.series.series) {
      if (series.key.kind != SeriesKind::histogram) continue;
      const SeriesId id = out.intern(series.key);
      series.histograms.for_each(series.histograms.first_second(), series.histograms.end_second(),
                                 [&](std::int32_t second, const Histogram& one) { out.merge(second, id, one); });
      // Series by series, so that memory does not grow with their number.
      if (auto flushed = out.flush(); !flushed) return flushed;
    }
  }
  return {};
}

constexpr std::size_t kOperationsAtOnce = 8192;

// A key belongs to one part, so the order of the parts does not matter. None where no part has any.
Result<void> write_operations(const std::vector<Part>& parts, const std::string& out) {
  std::unique_ptr<OperationWriter> writer;
  for (const Part& part : parts) {
    const std::string path = history_of(part);
    if (path.empty()) continue;
    if (!writer) {
      auto created = OperationWriter::create(out);
      if (!created) return created.error();
      writer = std::move(*created);
    }
    std::vector<Operation> batch;
    Result<void> written;
    const auto flush = [&] {
      if (written.ok()) written = writer->write(batch);
      batch.clear();
    };
    const auto cut = visit_operations(path, [&](const Operation& operation) {
      batch.push_back(operation);
      if (batch.size() == kOperationsAtOnce) flush();
    });
    flush();
    if (!cut) return cut.error();
    if (!written) return written;
  }
  return {};
}

// What is told once of the whole run comes from the first part that tells it; the rest by time.
bool is_of_the_whole(const std::string& type) {
  static const std::set<std::string> kTypes = {"run_started",   "stack_ready", "load_started",  "load_ended",
                                               "phase_started", "phase_ended", "drain_started", "run_ended"};
  return kTypes.contains(type);
}

Result<void> write_events(const std::vector<Part>& parts, const std::string& path) {
  std::vector<std::tuple<std::int64_t, std::string, const Event*>> all;
  std::map<std::string, const Event*> latest;  // of those told once
  bool whole = true;
  for (const Part& part : parts) {
    whole = whole && !part.events.cut_short;
    for (const Event& event : part.events.events) {
      const std::string text = event.type + compact_json(event.fields);
      if (is_of_the_whole(event.type)) {
        const Event*& kept = latest[text];
        const bool first_counts = event.type.ends_with("_started");
        if (kept == nullptr || (first_counts ? event.time < kept->time : event.time > kept->time)) kept = &event;
      } else {
        all.emplace_back(event.time.count(), text, &event);
      }
    }
  }
  for (const auto& [text, event] : latest) all.emplace_back(event->time.count(), text, event);
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
    return std::tie(std::get<0>(a), std::get<1>(a)) < std::tie(std::get<0>(b), std::get<1>(b));
  });
  auto writer = EventWriter::create(path);
  if (!writer) return writer.error();
  for (const auto& [time, text, event] : all) {
    if (!whole && event->type == "run_ended") continue;  // a part that was cut short leaves the whole cut short
    if (auto written = (*writer)->write(event->time, event->type, event->fields); !written) return written;
  }
  return {};
}

// A checker is as bad as its worst part.
std::optional<std::vector<AuditFinding>> merged_findings(const std::vector<Part>& parts) {
  const auto badness = [](const AuditFinding& one) {
    return one.outcome == "false" ? 2 : one.outcome == "unknown" ? 1 : 0;
  };
  std::map<std::string, AuditFinding> by_checker;
  bool any = false;
  for (const Part& part : parts) {
    if (!part.findings) continue;
    any = true;
    for (const AuditFinding& finding : *part.findings) {
      const auto [at, added] = by_checker.try_emplace(finding.checker, finding);
      if (added) continue;
      const std::uint64_t checked = at->second.checked + finding.checked;
      const bool worse =
          std::make_pair(badness(finding), finding.reason) > std::make_pair(badness(at->second), at->second.reason);
      if (worse) at->second = finding;
      at->second.checked = checked;
    }
  }
  if (!any) return std::nullopt;
  std::vector<AuditFinding> findings;
  for (auto& [checker, finding] : by_checker) findings.push_back(std::move(finding));
  return findings;
}

}  // namespace

Result<RunDirectory> merge_runs(const std::vector<RunDirectory>& directories, const std::string& out) {
  if (directories.empty()) return usage_error("nothing to merge");
  std::vector<Part> parts;
  for (const RunDirectory& directory : directories) {
    auto part = read_part(directory);
    if (!part) return part.error();
    parts.push_back(std::move(*part));
  }
  if (auto checked = check_parts(parts); !checked) return checked.error();
  auto merged = RunDirectory::create(out);
  if (!merged) return merged.error();
  if (auto written = write_series(parts, merged->series()); !written) return written.error();
  if (auto written = write_events(parts, merged->events()); !written) return written.error();
  if (auto written = write_operations(parts, merged->operations()); !written) return written.error();
  if (const auto findings = merged_findings(parts)) {
    if (auto written = merged->write_findings(*findings); !written) return written.error();
  }
  if (auto written = merged->write_info(merged_info(parts)); !written) return written.error();
  return *merged;
}

}  // namespace tidegate::record
