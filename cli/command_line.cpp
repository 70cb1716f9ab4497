#include <CLI/CLI.hpp>
#include <exception>
#include <iostream>

#include "base/log.hpp"
#include "base/units.hpp"
#include "cli/commands.hpp"
#include "cli/options.hpp"

namespace tidegate::cli {
namespace {

// CLI11 says what it did not expect; we add what is nearest to it.
std::string suggestion(const CLI::App& app, int count, char** arguments) {
  const CLI::App* command = &app;
  for (int i = 1; i < count; ++i) {
    const std::string word = arguments[i];
    std::vector<std::string> known;
    if (word.starts_with("--")) {
      for (const CLI::Option* option : command->get_options()) {
        for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
      }
      const std::string name = word.substr(0, word.find('='));
      if (std::find(known.begin(), known.end(), name) == known.end()) return nearest_spelling(name, known);
    } else {
      const CLI::App* next = nullptr;
      for (const CLI::App* sub : command->get_subcommands([](const CLI::App*) { return true; })) {
        if (sub->get_name() == word) next = sub;
        known.push_back(sub->get_name());
      }
      if (next == nullptr && command == &app) return nearest_spelling(word, known);
      if (next != nullptr) command = next;
    }
  }
  return {};
}

}  // namespace

int run_command_line(int count, char** arguments) {
  set_command_line(count, arguments);
  log::configure("tidegate", log::Level::warn);
  CLI::App app{"Tidegate: load, faults, gates and an audit of the money in one run", "tidegate"};
  app.require_subcommand(1);
  app.get_formatter()->column_width(34);
  int exit_code = 0;
  add_run(app, exit_code);
  add_drill(app, exit_code);
  add_load(app, exit_code);
  add_new(app, exit_code);
  add_validate(app, exit_code);
  add_plan(app, exit_code);
  add_report(app, exit_code);
  add_budget(app, exit_code);
  add_compare(app, exit_code);
  add_noise(app, exit_code);
  add_audit(app, exit_code);
  add_up(app, exit_code);
  add_down(app, exit_code);
  add_list(app, exit_code);
  add_schema(app, exit_code);
  add_doctor(app, exit_code);
  add_chaos(app, exit_code);
  add_version(app, exit_code);
  try {
    app.parse(count, arguments);
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& mistake) {
    std::cerr << "tidegate: " << mistake.what();
    const std::string near = suggestion(app, count, arguments);
    if (!near.empty()) std::cerr << "; did you mean " << near << "?";
    std::cerr << "\nRun `tidegate --help` or `tidegate COMMAND --help` for what there is.\n";
    return record::exit_code::usage;
  } catch (const std::exception& failure) {
    std::cerr << "tidegate: " << failure.what() << "\n";
    return record::exit_code::error;
  }
  return exit_code;
}

}  // namespace tidegate::cli
