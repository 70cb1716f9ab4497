#pragma once
// Assertions that stay on in release builds. One fact each. A failed one prints the fact and its place, and aborts.

namespace tidegate::detail {
[[noreturn]] void assertion_failed(const char* fact, const char* file, int line);
}

#define TIDEGATE_ASSERT(fact) \
  ((fact) ? static_cast<void>(0) : ::tidegate::detail::assertion_failed(#fact, __FILE__, __LINE__))
