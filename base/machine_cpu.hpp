#pragma once
// What all cores of this machine did, as Linux counts it. Whoever shares a machine with others sees here how much.

#include <optional>
#include <string_view>

namespace tidegate {

/// Since the machine started, over all cores, in seconds of one core.
struct MachineCpu {
  double busy_s = 0;    ///< in use by this machine's programs and kernel
  double stolen_s = 0;  ///< wanted, but given to other machines by the hypervisor
  double total_s = 0;   ///< these two, and idle or waiting for a device
};

/// The first line of /proc/stat (proc(5)); nothing when it is not one.
std::optional<MachineCpu> parse_machine_cpu(std::string_view stat, long ticks_per_second);

/// Nothing where /proc is not there. Any thread.
std::optional<MachineCpu> machine_cpu();

}  // namespace tidegate
