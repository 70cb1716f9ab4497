#include <sys/stat.h>

#include <mutex>
#include <thread>

#include "base/file.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "platform/service/options.hpp"

namespace tidegate::platform {
namespace {

constexpr Nanoseconds kCheckEvery = std::chrono::milliseconds(100);

/// What tells one content of a file from the next without reading it.
struct Stamp {
  std::int64_t seconds = -1, nanoseconds = 0, size = 0;
  std::uint64_t inode = 0;
  bool operator==(const Stamp&) const = default;
};

Stamp stamp_of(const std::string& path) {
  struct stat status {};
  if (path.empty() || stat(path.c_str(), &status) != 0) return {};
  return {status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_size, status.st_ino};
}

}  // namespace

struct PeerDirectory::State {
  std::string path;
  std::mutex mutex;
  Nanoseconds checked_at{0};
  bool checked = false;
  Stamp stamp;
  int generation = 0;
  std::map<std::string, std::string> peers;

  void refresh() {
    const Nanoseconds now = monotonic_now();
    if (checked && now - checked_at < kCheckEvery) return;
    checked = true;
    checked_at = now;
    const Stamp current = stamp_of(path);
    if (current == stamp) return;
    if (auto loaded = load(); !loaded) {
      log::warn("the peers file cannot be read; the former addresses stay", {{"why", loaded.error().message}});
    }
    stamp = current;
  }

  Result<void> load() {
    auto content = read_file(path);
    if (!content) return content.error();
    auto parsed = parse_json(*content);
    if (!parsed) return parsed.error();
    const json::object* root = parsed->if_object();
    const json::value* listed = root == nullptr ? nullptr : root->if_contains("peers");
    if (listed == nullptr || !listed->is_object()) return usage_error(path + ": no object 'peers'");
    std::map<std::string, std::string> found;
    for (const auto& [name, address] : listed->as_object()) {
      if (!address.is_string()) return usage_error(path + ": the address of '" + std::string(name) + "' is not a text");
      found[std::string(name)] = std::string(address.as_string());
    }
    peers = std::move(found);
    generation = static_cast<int>(integer_member(*root, "generation").value_or(0));
    return {};
  }
};

PeerDirectory::PeerDirectory(std::string path) : state_(std::make_unique<State>()) {
  state_->path = std::move(path);
}
PeerDirectory::~PeerDirectory() = default;

std::optional<std::string> PeerDirectory::find(const std::string& endpoint) {
  const std::lock_guard lock(state_->mutex);
  state_->refresh();
  const auto found = state_->peers.find(endpoint);
  if (found == state_->peers.end()) return std::nullopt;
  return found->second;
}

Result<std::string> PeerDirectory::wait(const std::string& endpoint, Nanoseconds limit) {
  const Nanoseconds deadline = monotonic_now() + limit;
  while (true) {
    if (auto address = find(endpoint)) return *address;
    if (monotonic_now() >= deadline) {
      return timeout_error("the peer '" + endpoint + "' is not in " +
                           (state_->path.empty() ? std::string("any file: --peers was not given") : state_->path));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

int PeerDirectory::generation() {
  const std::lock_guard lock(state_->mutex);
  state_->refresh();
  return state_->generation;
}

}  // namespace tidegate::platform
