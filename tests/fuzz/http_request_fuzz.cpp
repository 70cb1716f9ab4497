// Goal: the request parser makes the same of a stream however it is split, and never reads outside it.
// Run: bin/http_request_fuzz -max_total_time=60
#include <cstdlib>

#include "tests/fuzz/http_splits.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tidegate::http;
  const std::string_view stream(reinterpret_cast<const char*>(data), size);
  const std::string whole = splits::request_outcome(stream, splits::Cuts(0, 0));
  if (splits::request_outcome(stream, splits::Cuts(1, 0)) != whole) std::abort();
  if (splits::request_outcome(stream, splits::Cuts(17, size)) != whole) std::abort();
  return 0;
}
