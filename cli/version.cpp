#include <iostream>

#include "cli/commands.hpp"
#include "cli/options.hpp"

namespace tidegate::cli {

void add_version(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("version", "Print the version and the versions of its formats");
  command->callback([&exit_code] {
    std::cout << "tidegate " << TIDEGATE_VERSION << "\nscenario language 1, topology 1, run directory 1, verdict 1\n";
    exit_code = 0;
  });
}

}  // namespace tidegate::cli
