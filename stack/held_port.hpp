#pragma once
// A port that stays reserved while its owner restarts: bound with SO_REUSEPORT and not listening, so connects are
// refused meanwhile and nobody else gets it.

#include <cstdint>
#include <string>

#include "base/file.hpp"
#include "base/result.hpp"

namespace tidegate::stack {

/// `address` is "127.0.0.1:4000".
Result<FileDescriptor> hold_port(const std::string& address);

}  // namespace tidegate::stack
