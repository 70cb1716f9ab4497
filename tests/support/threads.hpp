#pragma once
// What the threads of the test's own process are called, and where they may run.

#include <compare>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>

#include "base/file.hpp"

namespace tidegate::test {

struct ThreadPlace {
  std::string name, processors;  // as proc(5) has them: "store-writer", "0-1,3"

  friend auto operator<=>(const ThreadPlace&, const ThreadPlace&) = default;
};

inline std::multiset<ThreadPlace> threads_of_this_process() {
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

}  // namespace tidegate::test
