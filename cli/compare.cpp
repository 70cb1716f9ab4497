#include <iostream>

#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "gates/precedence.hpp"
#include "runner/comparison.hpp"
#include "runner/rehearsal.hpp"

namespace tidegate::cli {
namespace {

// `a b vs c d`; two directories need no word between them.
Result<void> split(const std::vector<std::string>& words, runner::CompareOptions& options) {
  const auto versus = std::find(words.begin(), words.end(), "vs");
  if (versus == words.end() && words.size() == 2) {
    options.baseline = {words[0]};
    options.candidate = {words[1]};
    return {};
  }
  if (versus == words.end()) {
    return usage_error("several runs a side are told apart by the word vs: tidegate compare BASE BASE vs NEW NEW");
  }
  options.baseline.assign(words.begin(), versus);
  options.candidate.assign(versus + 1, words.end());
  if (options.baseline.empty() || options.candidate.empty()) return usage_error("vs needs runs on both of its sides");
  return {};
}

int compare(const std::vector<std::string>& words, const std::string& allow, runner::CompareOptions options,
            bool json) {
  if (auto known = split(words, options); !known) return fail(known.error());
  const auto share = parse_share(allow);
  if (!share || *share <= 0) return fail(usage_error("--allow " + allow + ": expected a share over 0%, such as 5%"));
  options.allow = *share;
  auto report = runner::compare_runs(options);
  if (!report) return fail(report.error());
  std::cout << (json ? pretty_json(runner::to_json(*report)) + "\n" : runner::comparison_text(*report));
  std::cout.flush();
  return gates::exit_code_of(report->outcome);
}

struct NoiseFlags {
  std::vector<std::string> paths;
  int runs = 5;
  std::string variant, store, out;
  std::vector<std::string> sets;
};

// Plays the scenario again and again; the directories of the runs.
Result<std::vector<std::string>> play(const NoiseFlags& flags) {
  std::vector<std::string> runs;
  for (int i = 0; i < flags.runs; ++i) {
    runner::ScenarioOptions options;
    options.path = flags.paths.front();
    options.variant = flags.variant;
    options.sets = flags.sets;
    auto scenario = runner::load_scenario(options);
    if (!scenario) return scenario.error();
    runner::RunOptions run;
    run.quiet = true;
    run.command = command_line();
    if (!flags.out.empty()) run.out = flags.out + "/" + std::to_string(i + 1);
    auto outcome = runner::rehearse(std::move(*scenario), run);
    if (!outcome) return outcome.error();
    if (outcome->info.interrupted) return machine_error("interrupted");
    std::cerr << "run " << i + 1 << " of " << flags.runs << ": " << record::verdict_word(outcome->verdict) << ", "
              << outcome->directory << "\n";
    runs.push_back(outcome->directory);
  }
  return runs;
}

int noise(const NoiseFlags& flags) {
  const bool scenario = flags.paths.size() == 1 && flags.paths.front().ends_with(".yaml");
  auto runs = scenario ? play(flags) : Result<std::vector<std::string>>(flags.paths);
  if (!runs) return fail(runs.error());
  if (runs->size() < 2) return fail(usage_error("noise is what runs differ by: it takes at least two of them"));
  auto rows = runner::noise_of_runs(*runs);
  if (!rows) return fail(rows.error());
  if (!flags.store.empty()) {
    for (const std::string& run : *runs) {
      if (auto stored = runner::store_run(flags.store, run); !stored) return fail(stored.error());
    }
  }
  std::cout << runner::noise_text(*rows);
  std::cout.flush();
  return record::exit_code::pass;
}

}  // namespace

void add_compare(CLI::App& app, int& exit_code) {
  struct CompareFlags {
    std::vector<std::string> words;
    std::string allow = "5%";
    runner::CompareOptions options;
    bool json = false;
  };
  auto flags = std::make_shared<CompareFlags>();
  CLI::App* command = app.add_subcommand("compare", "Whether runs are worse than others: BASE... vs CANDIDATE...");
  command->add_option("RUNS", flags->words, "Run directories, the baseline's first; vs between several of each")
      ->required();
  command->add_option("--store", flags->options.store, "Baseline store, for the noise between single runs");
  command->add_option("--allow", flags->allow, "How much worse, where no compare gate says it; default 5%");
  command->add_flag("--force", flags->options.force, "Compare across scenarios or machines, and say so");
  command->add_flag("--json", flags->json, "Print JSON instead of the table");
  command->callback(
      [flags, &exit_code] { exit_code = compare(flags->words, flags->allow, flags->options, flags->json); });
}

void add_noise(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<NoiseFlags>();
  CLI::App* command = app.add_subcommand("noise", "How much runs of one scenario differ by themselves");
  command->add_option("FILE", flags->paths, "Scenario file to play, or run directories that exist")->required();
  command->add_option("--runs", flags->runs, "How often to play it; default 5")->check(CLI::Range(2, 1000));
  command->add_option("--variant", flags->variant, "Variant of the scenario; the first one by default");
  command->add_option("--set", flags->sets, "KEY=VALUE: overrides a variable; repeatable")->allow_extra_args(false);
  command->add_option("--out", flags->out, "Directory for the runs (default: runs/NAME-TIME each)");
  command->add_option("--store", flags->store, "Keep the runs in this baseline store");
  command->callback([flags, &exit_code] { exit_code = noise(*flags); });
}

}  // namespace tidegate::cli
