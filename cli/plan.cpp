#include <iostream>

#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "runner/plan_text.hpp"

namespace tidegate::cli {

void add_plan(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("plan", "Show what a scenario would do, without starting anything");
  auto options = add_scenario_options(*command);
  command->callback([options, &exit_code] {
    const auto scenario = runner::load_scenario(*options);
    if (!scenario) {
      exit_code = fail(scenario.error());
      return;
    }
    std::cout << runner::plan_text(*scenario);
  });
}

}  // namespace tidegate::cli
