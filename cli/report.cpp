#include <iostream>

#include "base/units.hpp"
#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "record/merge.hpp"
#include "reports/format.hpp"
#include "reports/html.hpp"
#include "reports/many_runs.hpp"
#include "runner/judge.hpp"

namespace tidegate::cli {
namespace {

struct ReportFlags {
  std::vector<std::string> paths;
  std::string format, output, out;
  bool json = false, quiet = false, strict = false, history = false, compare = false;
};

std::vector<std::string> format_names() {
  std::vector<std::string> names = {"terminal", "html"};
  for (const reports::Format& format : reports::formats()) names.emplace_back(format.name);
  return names;
}

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

Result<void> check(const ReportFlags& flags) {
  const std::vector<std::string> names = format_names();
  if (!flags.format.empty() && std::find(names.begin(), names.end(), flags.format) == names.end()) {
    const std::string near = nearest_spelling(flags.format, names);
    return usage_error("--format " + flags.format + ": expected one of " + joined(names) +
                       (near.empty() ? "" : "; did you mean " + near + "?"));
  }
  if (flags.history && flags.compare) return usage_error("--history and --compare exclude each other");
  const bool page_of_many = flags.history || flags.compare;
  if (page_of_many && !flags.format.empty()) return usage_error("--format does not go with --history and --compare");
  return {};
}

int page_of_many(const ReportFlags& flags) {
  const std::string page = flags.output.empty() ? (flags.history ? "history.html" : "compare.html") : flags.output;
  Result<void> written;
  if (flags.history) {
    const auto directories = reports::find_run_directories(flags.paths);
    if (!directories) return fail(directories.error());
    written = reports::write_history(*directories, page);
  } else {
    written = reports::write_comparison(flags.paths, page);
  }
  if (!written) return fail(written.error());
  if (!flags.quiet) std::cout << page << "\n";
  return 0;
}

/// With a format that goes elsewhere the directory is left as it is.
bool renders_elsewhere(const ReportFlags& flags) {
  return !flags.format.empty() && flags.format != "terminal" && flags.format != "html";
}

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

int report_one(const ReportFlags& flags) {
  const auto merged = merged_directory(flags.paths, flags.out);
  if (!merged) return fail(merged.error());
  const std::string& path = *merged;
  auto directory = record::RunDirectory::open(path);
  if (!directory) return fail(directory.error());
  auto verdict = runner::judge_directory(*directory);
  if (!verdict) return fail(verdict.error());
  auto info = directory->read_info();
  if (!info) return fail(info.error());
  if (renders_elsewhere(flags)) {
    auto written = write_format(flags.format, path, *info, *verdict, flags.output);
    if (!written) return fail(written.error());
    std::cout.flush();
    return flags.strict && verdict->outcome == record::Outcome::warn ? record::exit_code::fail : verdict->exit_code;
  }
  if (auto written = directory->write_verdict(*verdict); !written) return fail(written.error());
  const std::string page = flags.output.empty() ? directory->report() : flags.output;
  if (auto written = reports::write_html(*directory, page); !written) return fail(written.error());
  return finish(*info, *verdict, path, flags.json, flags.quiet, flags.strict);
}

int report(const ReportFlags& flags) {
  if (auto checked = check(flags); !checked) return fail(checked.error());
  return flags.history || flags.compare ? page_of_many(flags) : report_one(flags);
}

}  // namespace

void add_report(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<ReportFlags>();
  CLI::App* command = app.add_subcommand("report", "Judge a run directory again and render it");
  command->add_option("DIR", flags->paths, "Run directory; several are segments of one run and are merged")->required();
  command->add_option("--out", flags->out, "Where merged segments go (default: the first one's name and -merged)");
  command->add_option("--format", flags->format,
                      "Print this instead, and leave the directory as it is: " + joined(format_names()));
  command->add_option("--output", flags->output, "Write to this file instead");
  command->add_flag("--history", flags->history,
                    "One page over many runs: the trend of each gate; a DIR may be a folder of runs");
  command->add_flag("--compare", flags->compare, "One page that lays runs over each other; the first is the base");
  command->add_flag("--json", flags->json, "Print verdict.json instead of the summary");
  command->add_flag("--quiet", flags->quiet, "Only the verdict");
  command->add_flag("--strict", flags->strict, "WARN exits with 99");
  command->callback([flags, &exit_code] { exit_code = report(*flags); });
}

}  // namespace tidegate::cli
