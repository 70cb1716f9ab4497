#include "runner/closing.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>

#include "record/rollup.hpp"
#include "reports/html.hpp"
#include "runner/judge.hpp"
#include "runner/plan_text.hpp"

namespace tidegate::runner {
namespace {

// How long open pages may take to fetch the end.
constexpr auto kLastWord = std::chrono::seconds(3);

}  // namespace

record::RunInfo new_run_info(const RunOptions& options) {
  record::RunInfo info;
  info.command = options.command;
  info.version = TIDEGATE_VERSION;
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  info.started_at = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", parts);
  info.machine = record::this_machine();
  return info;
}

std::string opening_line(const Scenario& scenario, const std::string& directory) {
  std::string line = scenario.name;
  if (!scenario.variant.empty()) line += " (" + scenario.variant + ")";
  line += fmt::format(", {} profile, seed {}, {} of load, into {}", scenario.stack.profile, scenario.seed,
                      format_duration(scenario.load->duration()), directory);
  if (!scenario.scale.empty()) line += "\nscaled against the case study: " + scale_text(scenario.scale);
  return line;
}

namespace {

// Shorter runs are drawn second by second.
constexpr double kRolledUpFrom = 600;

Result<void> roll_up(const Recording& recording) {
  const record::RunDirectory& directory = recording.directory();
  if (recording.clock().now() < from_seconds(kRolledUpFrom)) return {};
  auto series = record::read_series(directory.series());
  if (!series) return series.error();
  return record::write_rollup(*series, directory.rollup());
}

}  // namespace

Result<std::unique_ptr<reports::LivePage>> serve_live_page(const RunOptions& options, const Recording& recording,
                                                           ProgressPrinter& printer) {
  if (!options.live) return std::unique_ptr<reports::LivePage>();
  auto page = reports::LivePage::start(recording.directory(), options.live_port);
  if (!page) return usage_error("--live: " + page.error().message);
  printer.note("live page: " + (*page)->url());
  return page;
}

Result<RunOutcome> close_run(Recording& recording, bool interrupted, reports::LivePage* live) {
  if (auto finished = recording.finish(interrupted); !finished) return finished.error();
  const record::RunDirectory& directory = recording.directory();
  if (auto rolled = roll_up(recording); !rolled) return rolled.error();
  auto verdict = judge_directory(directory);
  if (!verdict) return verdict.error();
  if (auto written = directory.write_verdict(*verdict); !written) return written.error();
  if (auto written = reports::write_html(directory); !written) return written.error();
  if (live != nullptr) live->finish(kLastWord);
  return RunOutcome{directory.path(), recording.info(), std::move(*verdict)};
}

}  // namespace tidegate::runner
