#include "platform/store/lock_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace tidegate::platform {
namespace {

std::string holder_of(int descriptor) {
  std::array<char, 32> text{};
  const ssize_t size = ::pread(descriptor, text.data(), text.size() - 1, 0);
  std::string holder(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  while (!holder.empty() && holder.back() == '\n') holder.pop_back();
  return holder.empty() ? "another process" : "process " + holder;
}

}  // namespace

Result<LockFile> LockFile::acquire(const std::string& path) {
  FileDescriptor descriptor(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!descriptor) return system_error(fmt::format("open {}", path), errno);
  if (::flock(descriptor.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return system_error(fmt::format("lock {}", path), errno);
    return machine_error(
        fmt::format("{} is held by {}: a store has one owner; stop it, or use another --data directory", path,
                    holder_of(descriptor.get())));
  }
  // Who holds it is for people only; a full disk must not keep the store from opening.
  const std::string holder = fmt::format("{}\n", ::getpid());
  if (::ftruncate(descriptor.get(), 0) == 0) {
    [[maybe_unused]] const ssize_t written = ::pwrite(descriptor.get(), holder.data(), holder.size(), 0);
  }
  return LockFile(std::move(descriptor));
}

}  // namespace tidegate::platform
