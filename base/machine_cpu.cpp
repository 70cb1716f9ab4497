#include "base/machine_cpu.hpp"

#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdint>

#include "base/file.hpp"

namespace tidegate {

std::optional<MachineCpu> parse_machine_cpu(std::string_view stat, long ticks_per_second) {
  constexpr std::string_view kHead = "cpu ";
  if (stat.substr(0, kHead.size()) != kHead || ticks_per_second <= 0) return std::nullopt;
  std::string_view rest = stat.substr(kHead.size());
  // user, nice, system, idle, iowait, irq, softirq, steal; the times of guests behind them are part of user and nice.
  std::array<double, 8> seconds{};
  for (double& each : seconds) {
    while (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
    std::uint64_t ticks = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), ticks);
    if (error != std::errc()) return std::nullopt;
    each = static_cast<double>(ticks) / static_cast<double>(ticks_per_second);
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
  }
  const auto [user, nice, system, idle, waiting, interrupts, soft_interrupts, stolen] = seconds;
  MachineCpu cpu;
  cpu.busy_s = user + nice + system + interrupts + soft_interrupts;
  cpu.stolen_s = stolen;
  cpu.total_s = cpu.busy_s + stolen + idle + waiting;
  return cpu;
}

std::optional<MachineCpu> machine_cpu() {
  const auto stat = read_file("/proc/stat");
  return stat ? parse_machine_cpu(*stat, ::sysconf(_SC_CLK_TCK)) : std::nullopt;
}

}  // namespace tidegate
