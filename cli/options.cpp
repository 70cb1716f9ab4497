#include "cli/options.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>

#include "base/file.hpp"
#include "base/json.hpp"
#include "base/units.hpp"
#include "reports/format.hpp"
#include "reports/terminal.hpp"

namespace tidegate::cli {
namespace {

std::string the_command_line;

std::string quoted(std::string_view word) {
  constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=,%+@";
  if (!word.empty() && word.find_first_not_of(plain) == std::string_view::npos) return std::string(word);
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

int terminal_width() {
  winsize size{};
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 40 ? size.ws_col : 100;
}

}  // namespace

std::shared_ptr<runner::ScenarioOptions> add_scenario_options(CLI::App& command) {
  auto options = std::make_shared<runner::ScenarioOptions>();
  command.add_option("FILE", options->path, "Scenario file")->required();
  command.add_option("--variant", options->variant, "Variant of the scenario; the first one by default");
  command.add_option("--set", options->sets, "KEY=VALUE: overrides a variable of the scenario; repeatable")
      ->allow_extra_args(false);
  command.add_option("--seed", options->seed, "Replaces the scenario's seed");
  command.add_option("--stack", options->stack, "embedded, native, or a topology file, instead of the scenario's");
  command.add_option("--segment", options->segment,
                     "i/n: plays the i-th (from 0) of n equal parts of the load, for several machines");
  return options;
}

int fail(const Error& error) {
  std::cerr << "tidegate: " << error.message << "\n";
  return error.kind == Error::Kind::usage ? record::exit_code::usage : record::exit_code::error;
}

const std::string& command_line() {
  return the_command_line;
}

void set_command_line(int count, char** arguments) {
  the_command_line = "tidegate";
  for (int i = 1; i < count; ++i) the_command_line += " " + quoted(arguments[i]);
}

void add_live_options(CLI::App& command, runner::RunOptions& options) {
  command.add_flag("--live", options.live, "Serve a live page on loopback while it runs");
  command.add_option("--live-port", options.live_port, "Port of the live page (default: a free one)");
}

void add_generator_options(CLI::App& command, runner::RunOptions& options) {
  command.add_option("--loops", options.loops, "Load loops: threads, one core each (default 1)")
      ->check(CLI::Range(1, 256));
  command.add_option_function<std::string>(
      "--spin",
      [&options](const std::string& text) {
        const auto share = parse_share(text);
        if (!share || *share < 0 || *share > 1) throw CLI::ValidationError("--spin", "expected a share, as in 20%");
        options.spin = *share;
      },
      "Share of its core that a load loop may burn just before arrivals, for less lateness (default 0%)");
}

Result<void> write_format(const std::string& format, const std::string& directory, const record::RunInfo& info,
                          const record::Verdict& verdict, const std::string& path) {
  auto opened = record::RunDirectory::open(directory);
  if (!opened) return opened.error();
  const reports::FormatInput input{*opened, info, verdict};
  const reports::Format* chosen = reports::find_format(format);
  if (path.empty()) {
    return chosen->render(input, [](std::string_view text) { return static_cast<bool>(std::cout << text); });
  }
  const std::string partial = path + ".tmp";
  {
    std::ofstream file(partial, std::ios::binary | std::ios::trunc);
    if (!file) return system_error(path, errno);
    auto rendered = chosen->render(input, [&file](std::string_view text) { return static_cast<bool>(file << text); });
    if (!rendered) return rendered;
    file.close();
    if (!file) return system_error(path, errno);
  }
  if (std::rename(partial.c_str(), path.c_str()) != 0) return system_error(path, errno);
  return {};
}

int finish(const record::RunInfo& info, const record::Verdict& verdict, const std::string& directory, bool json,
           bool quiet, bool strict) {
  if (json) {
    std::cout << pretty_json(record::to_json(verdict)) << "\n";
  } else if (!quiet) {
    reports::TerminalOptions options;
    options.colour = isatty(STDOUT_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr;
    options.width = terminal_width();
    options.report = directory + "/report.html";
    const auto opened = record::RunDirectory::open(directory);
    const auto totals = opened ? reports::read_totals(*opened, info) : Result<reports::RunTotals>(opened.error());
    if (totals) options.totals = &*totals;
    std::cout << reports::render_terminal(info, verdict, options);
  } else {
    std::cout << record::verdict_word(verdict) << "\n";
  }
  std::cout.flush();
  if (strict && verdict.outcome == record::Outcome::warn) return record::exit_code::fail;
  return verdict.exit_code;
}

}  // namespace tidegate::cli
