#include <iostream>

#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "reports/html.hpp"
#include "runner/judge.hpp"

namespace tidegate::cli {
namespace {

int report(const std::string& path, bool json, bool quiet, bool strict) {
  auto directory = record::RunDirectory::open(path);
  if (!directory) return fail(directory.error());
  auto verdict = runner::judge_directory(*directory);
  if (!verdict) return fail(verdict.error());
  auto info = directory->read_info();
  if (!info) return fail(info.error());
  if (auto written = directory->write_verdict(*verdict); !written) return fail(written.error());
  if (auto written = reports::write_html(*directory); !written) return fail(written.error());
  return finish(*info, *verdict, path, json, quiet, strict);
}

}  // namespace

void add_report(CLI::App& app, int& exit_code) {
  struct Flags {
    std::string path;
    bool json = false, quiet = false, strict = false;
  };
  auto flags = std::make_shared<Flags>();
  CLI::App* command = app.add_subcommand("report", "Judge a run directory again and render it");
  command->add_option("DIR", flags->path, "Run directory")->required();
  command->add_flag("--json", flags->json, "Print verdict.json instead of the summary");
  command->add_flag("--quiet", flags->quiet, "Only the verdict");
  command->add_flag("--strict", flags->strict, "WARN exits with 99");
  command->callback([flags, &exit_code] { exit_code = report(flags->path, flags->json, flags->quiet, flags->strict); });
}

}  // namespace tidegate::cli
