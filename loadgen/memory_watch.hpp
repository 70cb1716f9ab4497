#pragma once
// Whether the generator still has memory: a limit of its own, like descriptors and ports. Short of it, iterations are
// not sent and counted as dropped, so that the run ends with a verdict and not with the kernel's out-of-memory killer.

#include <cstdint>
#include <functional>
#include <optional>

namespace tidegate::loadgen {

/// Bytes that this process may still take: the least of what the machine has available, what its control groups leave,
/// and what its own limit (ulimit -v) leaves. Nothing is left once the reserve was needed (base/memory_reserve.hpp).
/// nullopt when none of it can be read.
std::optional<std::uint64_t> memory_left();

/// Says when memory is short: below 5 % of what was left at the start, at least 64 MiB and at most 512 MiB; and enough
/// again at twice that. Not thread-safe.
class MemoryWatch {
 public:
  using Left = std::function<std::optional<std::uint64_t>()>;
  explicit MemoryWatch(Left left = memory_left);

  /// What was left at the start; nullopt: not known, and never short.
  std::optional<std::uint64_t> at_start() const noexcept { return at_start_; }
  /// Looks; true: memory is short.
  bool look();

 private:
  Left left_;
  std::optional<std::uint64_t> at_start_;
  bool short_ = false;
};

}  // namespace tidegate::loadgen
