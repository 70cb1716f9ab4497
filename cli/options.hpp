#pragma once
// What several subcommands share: scenario options, printing of errors, the command line as text.

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "record/run.hpp"
#include "record/verdict.hpp"
#include "runner/rehearsal.hpp"
#include "runner/scenario.hpp"

namespace tidegate::cli {

/// Adds FILE, --variant, --set, --seed, --stack and --segment.
std::shared_ptr<runner::ScenarioOptions> add_scenario_options(CLI::App& command);

/// Prints "tidegate: MESSAGE" and returns the exit code for that kind of error: 104 for usage, 97 for the rest.
int fail(const Error& error);

/// Set by main before parsing; "tidegate run …", shell-quoted.
const std::string& command_line();
void set_command_line(int count, char** arguments);

/// Adds --live and --live-port.
void add_live_options(CLI::App& command, runner::RunOptions& options);

/// Adds --loops and --spin.
void add_generator_options(CLI::App& command, runner::RunOptions& options);

/// Renders the run in one of the formats of reports/format.hpp, to a file, or to standard output when `path` is empty.
Result<void> write_format(const std::string& format, const std::string& directory, const record::RunInfo& info,
                          const record::Verdict& verdict, const std::string& path);

/// Prints the closing summary (or verdict.json with `json`) and returns the verdict's exit code.
int finish(const record::RunInfo& info, const record::Verdict& verdict, const std::string& directory, bool json,
           bool quiet, bool strict);

}  // namespace tidegate::cli
