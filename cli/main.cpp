#include "base/memory_reserve.hpp"
#include "cli/commands.hpp"

int main(int count, char** arguments) {
  tidegate::set_memory_aside(32U << 20);
  return tidegate::cli::run_command_line(count, arguments);
}
