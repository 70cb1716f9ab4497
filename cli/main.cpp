#include "cli/commands.hpp"

int main(int count, char** arguments) {
  return tidegate::cli::run_command_line(count, arguments);
}
