#include "base/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace tidegate::detail {

void assertion_failed(const char* fact, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, fact);
  std::abort();
}

}  // namespace tidegate::detail
