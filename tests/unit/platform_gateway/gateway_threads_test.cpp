// Which processors the gateway's threads keep to.

#include <set>

#include "base/thread_affinity.hpp"
#include "tests/support/threads.hpp"
#include "tests/unit/platform_gateway/gateway_support.hpp"

namespace tidegate::platform {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)

TEST_CASE(
    "thread affinity: the loop keeps to the first processor, the shards' writers to the others, the rest does not") {
  const std::vector<int> processors = usable_processors();
  const auto before = tidegate::test::threads_of_this_process();
  REQUIRE_FALSE(before.empty());
  const std::string anywhere = before.begin()->processors;
  const ScratchDirectory scratch;
  RunningGateway::Options options;
  options.shards = 3;
  for (const bool asked : {false, true}) {
    options.thread_affinity = asked;
    const RunningGateway gateway(scratch.path(), options);
    const bool placed = asked && processors.size() > 1;
    std::multiset<std::string> writers;
    for (std::size_t i = 0; i < 3; ++i) {
      writers.insert(placed ? std::to_string(processors[1 + i % (processors.size() - 1)]) : anywhere);
    }
    // Each thread places itself, some time after the gateway has begun to serve.
    std::size_t on_the_first = 0;
    wait_until([&] {
      std::multiset<std::string> found;
      on_the_first = 0;
      for (const auto& [name, at] : tidegate::test::threads_of_this_process()) {
        if (name == "store-writer") {
          found.insert(at);
        } else if (placed && at == std::to_string(processors.front())) {
          ++on_the_first;
        }
      }
      return found == writers && on_the_first == (placed ? 1 : 0);
    });
    CHECK(on_the_first == (placed ? 1 : 0));
    for (const auto& [name, at] : tidegate::test::threads_of_this_process()) {
      if (name == "inbox" || name == "relay") CHECK(at == anywhere);
    }
  }
}

}  // namespace
}  // namespace tidegate::platform
