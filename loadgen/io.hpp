#pragma once
// What a non-blocking step of I/O came to.

#include <cstdint>

namespace tidegate::loadgen {

enum class Io : std::uint8_t { done, would_block, failed };

}  // namespace tidegate::loadgen
