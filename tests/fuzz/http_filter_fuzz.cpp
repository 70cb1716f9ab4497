// Goal: the property of http_filter_property.hpp, on any bytes.
// Run: bin/http_filter_fuzz -max_total_time=60
#include <cstdlib>

#include "tests/fuzz/http_filter_property.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (!tidegate::chaos::property::holds({reinterpret_cast<const char*>(data), size})) std::abort();
  return 0;
}
