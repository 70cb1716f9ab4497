#pragma once
// For those who keep in memory what their units wrote: whether it still is in the database.

#include <cstdint>

namespace tidegate::platform {

/// How often the store whose writer thread calls this has undone work: of a unit, a group or a commit. Inside a unit of
/// work, a number that is the same as at an earlier call says that everything written since then is still there.
std::uint64_t undone_by_this_writer() noexcept;

}  // namespace tidegate::platform
