#include "platform/legacy/slow_deploy.hpp"

#include <filesystem>
#include <thread>

namespace tidegate::platform {

void wait_for_deploy(const std::string& data_directory) {
  std::error_code ignored;
  if (std::filesystem::is_empty(data_directory, ignored) || ignored) return;
  std::this_thread::sleep_for(kDeployTakes);
}

}  // namespace tidegate::platform
