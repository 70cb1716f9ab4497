#include <iostream>

#include "base/json.hpp"
#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "stack/topology.hpp"

namespace tidegate::cli {

void add_schema(CLI::App& app, int& exit_code) {
  auto what = std::make_shared<std::string>("scenario");
  CLI::App* command = app.add_subcommand("schema", "Print the JSON Schema of scenario or topology files, for editors");
  command->add_option("WHAT", *what, "scenario or topology")->check(CLI::IsMember({"scenario", "topology"}));
  command->callback([what, &exit_code] {
    const auto shape = *what == "topology" ? stack::topology_schema() : runner::scenario_schema();
    std::cout << pretty_json(schema::to_json_schema(*shape)) << "\n";
    exit_code = 0;
  });
}

}  // namespace tidegate::cli
