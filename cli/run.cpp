#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "runner/rehearsal.hpp"

namespace tidegate::cli {
namespace {

struct RunFlags {
  runner::RunOptions run;
  bool json = false, strict = false;
  std::string replay;
  std::string junit;
};

int play(const runner::ScenarioOptions& options, RunFlags flags) {
  if (options.path.empty() == flags.replay.empty()) {
    return fail(usage_error("run needs a scenario file, or --replay DIR instead of one"));
  }
  if (!flags.replay.empty() && (!options.variant.empty() || !options.sets.empty() || options.seed)) {
    return fail(
        usage_error("--replay plays the run's own variant, values and seed; it goes with none of --variant, "
                    "--set and --seed"));
  }
  auto scenario =
      flags.replay.empty() ? runner::load_scenario(options) : runner::replayed_scenario(flags.replay, options);
  if (!scenario) return fail(scenario.error());
  flags.run.command = command_line();
  auto outcome = runner::rehearse(std::move(*scenario), flags.run);
  if (!outcome) return fail(outcome.error());
  if (!flags.junit.empty()) {
    auto written = write_format("junit", outcome->directory, outcome->info, outcome->verdict, flags.junit);
    if (!written) return fail(written.error());
  }
  return finish(outcome->info, outcome->verdict, outcome->directory, flags.json, flags.run.quiet, flags.strict);
}

}  // namespace

void add_run(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("run", "Play a scenario and end with one verdict");
  auto options = add_scenario_options(*command);
  auto flags = std::make_shared<RunFlags>();
  command->get_option("FILE")->required(false);
  command->add_option(
      "--replay", flags->replay,
      "Play the scenario of that run directory, with its overrides and seed; give --stack and --segment again");
  command->add_option("--out", flags->run.out, "Run directory (default: runs/NAME-TIME)");
  command->add_option("--baseline", flags->run.baseline, "Run directory or baseline store for the compare gates");
  command->add_flag("--force", flags->run.force, "Compare although scenario or machine do not match the baseline");
  command->add_flag("--quiet", flags->run.quiet, "Only the verdict");
  command->add_flag("--json", flags->json, "Print verdict.json instead of the summary");
  command->add_flag("--strict", flags->strict, "WARN exits with 99");
  command->add_option("--junit", flags->junit, "Also write JUnit XML to this file, for CI systems");
  add_live_options(*command, flags->run);
  add_generator_options(*command, flags->run);
  command->callback([options, flags, &exit_code] { exit_code = play(*options, *flags); });
}

}  // namespace tidegate::cli
