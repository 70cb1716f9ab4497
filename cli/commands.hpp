#pragma once
// The subcommands of `tidegate`, one file each. A command's function adds its options to the parser; its callback
// leaves the exit code in `exit_code` (record/verdict.hpp).

namespace CLI {
class App;
}

namespace tidegate::cli {

void add_run(CLI::App& app, int& exit_code);
void add_drill(CLI::App& app, int& exit_code);
void add_load(CLI::App& app, int& exit_code);
void add_new(CLI::App& app, int& exit_code);
void add_validate(CLI::App& app, int& exit_code);
void add_plan(CLI::App& app, int& exit_code);
void add_audit(CLI::App& app, int& exit_code);
void add_report(CLI::App& app, int& exit_code);
void add_budget(CLI::App& app, int& exit_code);
void add_compare(CLI::App& app, int& exit_code);
void add_noise(CLI::App& app, int& exit_code);
void add_up(CLI::App& app, int& exit_code);
void add_down(CLI::App& app, int& exit_code);
void add_list(CLI::App& app, int& exit_code);
void add_schema(CLI::App& app, int& exit_code);
void add_doctor(CLI::App& app, int& exit_code);
void add_chaos(CLI::App& app, int& exit_code);
void add_version(CLI::App& app, int& exit_code);

/// Parses and runs; the process's exit code.
int run_command_line(int count, char** arguments);

}  // namespace tidegate::cli
