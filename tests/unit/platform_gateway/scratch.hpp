#pragma once
// A directory of a test's own, removed with it. In memory where the machine has such a place: every commit waits for
// the disk, and a busy disk would make these tests slow without making them stricter.

#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <string>

namespace tidegate::platform::test {

class ScratchDirectory {
 public:
  ScratchDirectory() {
    const auto parent =
        ::access("/dev/shm", W_OK) == 0 ? std::filesystem::path("/dev/shm") : std::filesystem::temp_directory_path();
    std::string pattern = (parent / "tidegate-gateway-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~ScratchDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;

  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace tidegate::platform::test
