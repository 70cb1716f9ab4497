#include "runner/comparison.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/units.hpp"
#include "gates/fingerprint.hpp"
#include "record/json_fields.hpp"

namespace tidegate::runner {
namespace {

using gates::ComparedMeasure;
using record::Outcome;

Result<std::vector<BaselineRun>> load_all(const std::vector<std::string>& paths) {
  std::vector<BaselineRun> runs;
  for (const std::string& path : paths) {
    auto run = load_baseline_run(path);
    if (!run) return run.error();
    runs.push_back(std::move(*run));
  }
  return runs;
}

std::vector<ComparedMeasure> measures_of(const BaselineRun& run, double allow) {
  auto measures = gates::compared_by(run.gates);
  return measures.empty() ? gates::usual_measures(run.context, allow) : measures;
}

std::vector<double> values_of(const ComparedMeasure& measure, const std::vector<BaselineRun>& runs) {
  std::vector<double> values;
  for (const BaselineRun& run : runs) {
    const auto value = gates::measured(measure, run.data, run.context, run.gates);
    if (value) values.push_back(*value);
  }
  return values;
}

int severity(Outcome outcome) {
  return outcome == Outcome::fail ? 2 : outcome == Outcome::pass ? 0 : 1;
}

std::string percent(double share) {
  return format_share(share);
}

}  // namespace

Result<ComparisonReport> compare_runs(const CompareOptions& options) {
  auto baseline = load_all(options.baseline);
  if (!baseline) return baseline.error();
  auto candidate = load_all(options.candidate);
  if (!candidate) return candidate.error();
  const record::RunInfo& first = candidate->front().data.info;
  ComparisonReport report;
  for (const auto* side : {&*baseline, &*candidate}) {
    for (const BaselineRun& run : *side) {
      const std::string differs = gates::mismatch(run.data.info, first);
      if (differs.empty()) continue;
      if (!options.force) return usage_error(fmt::format("{}: {}; --force compares anyway", run.path, differs));
      report.forced = differs;
    }
  }
  std::vector<BaselineRun> stored;
  if (!options.store.empty()) {
    auto paths = baseline_paths(options.store, first);
    if (!paths) return paths.error();
    auto loaded = load_all(*paths);
    if (!loaded) return loaded.error();
    stored = std::move(*loaded);
  }
  std::vector<double> p_values;
  for (const ComparedMeasure& measure : measures_of(candidate->front(), options.allow)) {
    ComparedRow row{measure, values_of(measure, *baseline), values_of(measure, *candidate), {}, 1, {}};
    gates::RunSamples samples{row.baseline, row.candidate, std::nullopt, stored.size(),
                              gates::more_is_worse(measure.metric, candidate->front().context)};
    samples.noise = gates::noise_of(values_of(measure, stored));
    row.regression = gates::compare_samples(samples, options.confidence);
    p_values.push_back(row.regression.p);
    report.rows.push_back(std::move(row));
  }
  const auto corrected = gates::holm(p_values);
  report.outcome = report.rows.empty() ? Outcome::inconclusive : Outcome::pass;
  for (std::size_t i = 0; i < report.rows.size(); ++i) {
    ComparedRow& row = report.rows[i];
    row.corrected_p = corrected[i];
    row.outcome = gates::regression_outcome(row.regression, corrected[i], row.measure.allow, options.confidence);
    if (severity(row.outcome) > severity(report.outcome)) report.outcome = row.outcome;
  }
  return report;
}

std::string comparison_text(const ComparisonReport& report) {
  std::string text;
  for (const ComparedRow& row : report.rows) {
    const std::string name = row.measure.metric + (row.measure.during.empty() ? "" : " during " + row.measure.during);
    text += fmt::format("{:<13}{}\n", record::to_string(row.outcome), name);
    if (!row.regression.effect) {
      text += fmt::format("             {}\n", row.regression.doubt);
      continue;
    }
    const double effect = *row.regression.effect;
    text +=
        fmt::format("             {} {} [{}, {}], allowed {}, p {:.2g}, {} against {} runs", percent(std::abs(effect)),
                    effect >= 0 ? "worse" : "better", percent(row.regression.lower), percent(row.regression.upper),
                    percent(row.measure.allow), row.corrected_p, row.candidate.size(), row.baseline.size());
    if (row.regression.floor > 0) text += fmt::format(", noise floor {}", percent(row.regression.floor));
    text += "\n";
  }
  if (!report.forced.empty()) text += "forced although " + report.forced + "\n";
  return text + fmt::format("{}\n", record::to_string(report.outcome));
}

json::value to_json(const ComparisonReport& report) {
  const auto numbers = [](const std::vector<double>& values) {
    json::array list;
    for (const double value : values) list.push_back(record::number_or_null(value));
    return list;
  };
  json::array rows;
  for (const ComparedRow& row : report.rows) {
    rows.push_back(json::object{{"metric", row.measure.metric},
                                {"during", row.measure.during},
                                {"outcome", record::to_string(row.outcome)},
                                {"effect", record::number_or_null(row.regression.effect)},
                                {"interval", json::array{record::number_or_null(row.regression.lower),
                                                         record::number_or_null(row.regression.upper)}},
                                {"p", record::number_or_null(row.corrected_p)},
                                {"allow", record::number_or_null(row.measure.allow)},
                                {"noise_floor", record::number_or_null(row.regression.floor)},
                                {"baseline", numbers(row.baseline)},
                                {"candidate", numbers(row.candidate)},
                                {"reason", row.regression.doubt}});
  }
  return json::object{{"schema", "tidegate.comparison/1"},
                      {"verdict", record::to_string(report.outcome)},
                      {"forced", report.forced},
                      {"measures", std::move(rows)}};
}

Result<std::vector<NoiseRow>> noise_of_runs(const std::vector<std::string>& paths) {
  auto runs = load_all(paths);
  if (!runs) return runs.error();
  for (const BaselineRun& run : *runs) {
    const std::string differs = gates::mismatch(run.data.info, runs->front().data.info);
    if (!differs.empty()) return usage_error(run.path + ": " + differs);
  }
  std::vector<NoiseRow> rows;
  for (const ComparedMeasure& measure : measures_of(runs->front(), 0.05)) {
    NoiseRow row{measure.metric, measure.during, values_of(measure, *runs), std::nullopt};
    row.noise = gates::noise_of(row.values);
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string noise_text(const std::vector<NoiseRow>& rows) {
  std::string text = fmt::format("{:<52} {:>5} {:>9} {:>15} {:>15}\n", "measure", "runs", "noise", "floor, 1 a side",
                                 "floor, 5 a side");
  for (const NoiseRow& row : rows) {
    const std::string name = row.metric + (row.during.empty() ? "" : " during " + row.during);
    if (!row.noise) {
      text += fmt::format("{:<52} {:>5} {:>9}\n", name, row.values.size(), "unknown");
      continue;
    }
    text += fmt::format("{:<52} {:>5} {:>9} {:>15} {:>15}\n", name, row.values.size(), percent(*row.noise),
                        percent(gates::noise_floor(*row.noise, 1, 1)), percent(gates::noise_floor(*row.noise, 5, 5)));
  }
  return text;
}

}  // namespace tidegate::runner
