// Which processors the gateway's threads keep to.

#include <filesystem>
#include <set>

#include "base/file.hpp"
#include "base/thread_affinity.hpp"
#include "tests/unit/platform_gateway/gateway_support.hpp"

namespace tidegate::platform {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)

struct ThreadPlace {
  std::string name, processors;  // as proc(5) has them: "store-writer", "0-1,3"

  friend auto operator<=>(const ThreadPlace&, const ThreadPlace&) = default;
};

std::multiset<ThreadPlace> threads_of_this_process() {
  constexpr std::string_view kList = "\nCpus_allowed_list:\t";
  std::multiset<ThreadPlace> threads;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    const auto name = read_file(task.path().string() + "/comm");
    const auto status = read_file(task.path().string() + "/status");
    if (!name || !status) continue;  // it has just ended
    const std::size_t at = status->find(kList) + kList.size();
    threads.insert({name->substr(0, name->find('\n')), status->substr(at, status->find('\n', at) - at)});
  }
  return threads;
}

TEST_CASE(
    "thread affinity: the loop keeps to the first processor, the shards' writers to the others, the rest does not") {
  const std::vector<int> processors = usable_processors();
  const auto before = threads_of_this_process();
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
    wait_until([&] {
      std::multiset<std::string> found;
      for (const auto& [name, at] : threads_of_this_process()) {
        if (name == "store-writer") found.insert(at);
      }
      return found == writers;
    });
    std::size_t on_the_first = 0;
    for (const auto& [name, at] : threads_of_this_process()) {
      if (name == "inbox" || name == "relay") CHECK(at == anywhere);
      if (placed && name != "store-writer" && at == std::to_string(processors.front())) ++on_the_first;
    }
    CHECK(on_the_first == (placed ? 1 : 0));
  }
}

}  // namespace
}  // namespace tidegate::platform
