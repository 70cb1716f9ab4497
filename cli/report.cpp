#include <iostream>

#include "base/file.hpp"
#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "record/hdr_log.hpp"
#include "record/merge.hpp"
#include "record/metrics.hpp"
#include "record/series.hpp"
#include "reports/html.hpp"
#include "runner/judge.hpp"

namespace tidegate::cli {
namespace {

// Several directories are segments of one run: they are merged into a new one first.
Result<std::string> merged_directory(const std::vector<std::string>& paths, const std::string& out) {
  if (paths.size() == 1) return paths.front();
  std::vector<record::RunDirectory> parts;
  for (const std::string& path : paths) {
    auto part = record::RunDirectory::open(path);
    if (!part) return part.error();
    parts.push_back(std::move(*part));
  }
  auto merged = record::merge_runs(parts, out.empty() ? paths.front() + "-merged" : out);
  if (!merged) return merged.error();
  return merged->path();
}

/// Response times as an HdrHistogram V2 log.
Result<void> write_hdr_log(const record::RunDirectory& directory, const record::RunInfo& info,
                           const std::string& file) {
  auto series = record::read_series(directory.series());
  if (!series) return series.error();
  return write_file_atomically(file, record::hdr_log(series->find(record::kResponseTime), info.unix_origin_s));
}

int report(const std::string& path, bool json, bool quiet, bool strict, const std::string& hdr_log) {
  auto directory = record::RunDirectory::open(path);
  if (!directory) return fail(directory.error());
  auto verdict = runner::judge_directory(*directory);
  if (!verdict) return fail(verdict.error());
  auto info = directory->read_info();
  if (!info) return fail(info.error());
  if (auto written = directory->write_verdict(*verdict); !written) return fail(written.error());
  if (auto written = reports::write_html(*directory); !written) return fail(written.error());
  if (!hdr_log.empty()) {
    if (auto written = write_hdr_log(*directory, *info, hdr_log); !written) return fail(written.error());
  }
  return finish(*info, *verdict, path, json, quiet, strict);
}

}  // namespace

void add_report(CLI::App& app, int& exit_code) {
  struct Flags {
    std::vector<std::string> paths;
    std::string out, hdr_log;
    bool json = false, quiet = false, strict = false;
  };
  auto flags = std::make_shared<Flags>();
  CLI::App* command = app.add_subcommand("report", "Judge a run directory again and render it");
  command->add_option("DIR", flags->paths, "Run directory; several are segments of one run and are merged")->required();
  command->add_option("--out", flags->out, "Where merged segments go (default: the first one's name and -merged)");
  command->add_option("--hdr-log", flags->hdr_log, "Write response times to this file as an HdrHistogram V2 log");
  command->add_flag("--json", flags->json, "Print verdict.json instead of the summary");
  command->add_flag("--quiet", flags->quiet, "Only the verdict");
  command->add_flag("--strict", flags->strict, "WARN exits with 99");
  command->callback([flags, &exit_code] {
    auto path = merged_directory(flags->paths, flags->out);
    exit_code = path ? report(*path, flags->json, flags->quiet, flags->strict, flags->hdr_log) : fail(path.error());
  });
}

}  // namespace tidegate::cli
