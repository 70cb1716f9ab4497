#include "loadgen/memory_watch.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>

#include "base/memory_reserve.hpp"

namespace tidegate::loadgen {
namespace {

constexpr std::uint64_t kLeastReserve = 64ULL << 20, kMostReserve = 512ULL << 20;
constexpr std::uint64_t kReserveShare = 20;  // one twentieth

using Bytes = std::optional<std::uint64_t>;

Bytes least(Bytes a, Bytes b) {
  if (!a || !b) return a ? a : b;
  return std::min(*a, *b);
}

/// The number after `name` in a file of lines "NAME NUMBER".
Bytes number_after(const std::string& path, const std::string& name) {
  std::ifstream file(path);
  std::string word;
  while (file >> word) {
    std::uint64_t value = 0;
    if (word == name) return file >> value ? Bytes(value) : std::nullopt;
  }
  return std::nullopt;
}

/// A file that holds one number; "max" is none.
Bytes number_in(const std::string& path) {
  std::ifstream file(path);
  std::uint64_t value = 0;
  return file >> value ? Bytes(value) : std::nullopt;
}

Bytes left_on_machine() {
  const Bytes kib = number_after("/proc/meminfo", "MemAvailable:");
  return kib ? Bytes(*kib * 1024) : std::nullopt;
}

/// Version 2: every group on the way to the root may have a limit. Cached file pages are given back before it counts.
Bytes left_in_groups() {
  std::ifstream own("/proc/self/cgroup");
  std::string line, group;
  while (std::getline(own, line)) {
    if (line.starts_with("0::")) group = line.substr(3);
  }
  Bytes left;
  while (!group.empty() && group != "/") {
    const std::string directory = "/sys/fs/cgroup" + group;
    const Bytes most = number_in(directory + "/memory.max"), used = number_in(directory + "/memory.current");
    if (most && used) {
      const std::uint64_t cached = number_after(directory + "/memory.stat", "inactive_file").value_or(0);
      const std::uint64_t held = *used > cached ? *used - cached : 0;
      left = least(left, *most > held ? *most - held : 0);
    }
    group.erase(group.rfind('/'));
  }
  return left;
}

Bytes left_of_own_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return std::nullopt;
  const Bytes pages = number_in("/proc/self/statm");
  if (!pages) return std::nullopt;
  const std::uint64_t taken = *pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return limit.rlim_cur > taken ? limit.rlim_cur - taken : 0;
}

}  // namespace

std::optional<std::uint64_t> memory_left() {
  if (memory_reserve_used()) return 0;
  return least(least(left_on_machine(), left_in_groups()), left_of_own_limit());
}

MemoryWatch::MemoryWatch(Left left) : left_(std::move(left)), at_start_(left_()) {}

bool MemoryWatch::look() {
  if (!at_start_) return false;
  const std::uint64_t reserve = std::clamp(*at_start_ / kReserveShare, kLeastReserve, kMostReserve);
  const std::optional<std::uint64_t> now = left_();
  if (now) short_ = *now < (short_ ? 2 * reserve : reserve);
  return short_;
}

}  // namespace tidegate::loadgen
