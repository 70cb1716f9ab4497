// Goal: the response parser makes the same of a stream however it is split, and never reads outside it; a body that is
// dropped is counted like one that is kept.
// Run: bin/http_response_fuzz -max_total_time=60
#include <cstdlib>

#include "tests/fuzz/http_splits.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tidegate::http;
  const std::string_view stream(reinterpret_cast<const char*>(data), size);
  for (const bool keep_body : {true, false}) {
    const ResponseParser::Options options{splits::small_limits(), keep_body};
    const std::string whole = splits::response_outcome(stream, splits::Cuts(0, 0), options);
    if (splits::response_outcome(stream, splits::Cuts(1, 0), options) != whole) std::abort();
    if (splits::response_outcome(stream, splits::Cuts(17, size), options) != whole) std::abort();
  }
  return 0;
}
