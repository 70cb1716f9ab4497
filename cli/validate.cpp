#include <iostream>

#include "cli/commands.hpp"
#include "cli/options.hpp"

namespace tidegate::cli {

void add_validate(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("validate", "Check a scenario; every mistake in one pass");
  auto options = add_scenario_options(*command);
  command->callback([options, &exit_code] {
    const auto scenario = runner::load_scenario(*options);
    if (!scenario) {
      exit_code = fail(scenario.error());
      return;
    }
    std::cout << options->path << ": valid";
    if (!scenario->variant.empty()) std::cout << " (variant " << scenario->variant << ")";
    std::cout << "\n";
  });
}

}  // namespace tidegate::cli
