// What this machine is, from /proc, uname and os-release.

#include <algorithm>

#include <sys/utsname.h>
#include <unistd.h>

#include "base/file.hpp"
#include "base/thread_affinity.hpp"
#include "record/run.hpp"

namespace tidegate::record {
namespace {

/// The value of the first `name<separator>value` line, without quotes and spaces around it; empty when absent.
std::string line_value(const std::string& path, std::string_view name, char separator) {
  const auto content = read_file(path);
  if (!content) return {};
  std::string_view rest = *content;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    const std::size_t at = line.find(separator);
    if (at == std::string_view::npos || !line.starts_with(name)) continue;
    constexpr std::string_view kAround = " \t\"";
    const std::string_view value = line.substr(at + 1);
    const std::size_t first = value.find_first_not_of(kAround);
    if (first == std::string_view::npos) return {};
    return std::string(value.substr(first, value.find_last_not_of(kAround) - first + 1));
  }
  return {};
}

/// Cores that this process may use, which a container may make fewer than the machine has.
int usable_cores() {
  const std::size_t usable = usable_processors().size();
  return static_cast<int>(usable > 0 ? usable : ::sysconf(_SC_NPROCESSORS_ONLN));
}

}  // namespace

MachineInfo this_machine() {
  MachineInfo machine;
  machine.cpu_model = line_value("/proc/cpuinfo", "model name", ':');
  machine.os = line_value("/etc/os-release", "PRETTY_NAME", '=');
  utsname kernel{};
  if (::uname(&kernel) == 0) machine.kernel = std::string(kernel.sysname) + " " + kernel.release;
  machine.cores = usable_cores();
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  const long page_size = ::sysconf(_SC_PAGE_SIZE);
  if (pages > 0 && page_size > 0) {
    machine.memory_bytes = static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page_size);
  }
  return machine;
}

}  // namespace tidegate::record
