#include "base/file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <climits>
#include <filesystem>

namespace tidegate {

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  if (this != &other) reset(other.release());
  return *this;
}

void FileDescriptor::reset(int fd) noexcept {
  // close() is not retried on EINTR: on Linux the descriptor is gone by then.
  if (fd_ >= 0 && fd_ != fd) ::close(fd_);
  fd_ = fd;
}

Result<std::string> read_file(const std::string& path) {
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return system_error("open " + path, errno);
  std::string content;
  char buffer[64 * 1024];
  for (;;) {
    const ssize_t got = ::read(file.get(), buffer, sizeof buffer);
    if (got > 0) {
      content.append(buffer, static_cast<std::size_t>(got));
    } else if (got == 0) {
      return content;
    } else if (errno != EINTR) {
      return system_error("read " + path, errno);
    }
  }
}

Result<void> write_all(int fd, std::string_view bytes, const std::string& path_for_messages) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (written == 0) {
      return system_error("write " + path_for_messages, ENOSPC);
    } else if (errno != EINTR) {
      return system_error("write " + path_for_messages, errno);
    }
  }
  return {};
}

namespace {

std::string temporary_name(const std::string& path) {
  static std::atomic<unsigned> serial{0};
  return path + ".tmp." + std::to_string(::getpid()) + "." + std::to_string(serial++);
}

Result<void> write_and_sync(const std::string& path, std::string_view content) {
  FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (!file) return system_error("create " + path, errno);
  if (auto written = write_all(file.get(), content, path); !written) return written.error();
  if (::fsync(file.get()) != 0) return system_error("sync " + path, errno);
  return {};
}

Result<void> sync_directory_of(const std::string& path) {
  std::string directory = std::filesystem::path(path).parent_path().string();
  if (directory.empty()) directory = ".";
  FileDescriptor handle(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!handle) return system_error("open " + directory, errno);
  // Some file systems do not sync directories; their answer is EINVAL, and there is nothing more to do.
  if (::fsync(handle.get()) != 0 && errno != EINVAL) return system_error("sync " + directory, errno);
  return {};
}

}  // namespace

Result<void> write_file_atomically(const std::string& path, std::string_view content) {
  const std::string temporary = temporary_name(path);
  if (auto written = write_and_sync(temporary, content); !written) {
    ::unlink(temporary.c_str());
    return written.error();
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    const int why = errno;
    ::unlink(temporary.c_str());
    return system_error("rename " + temporary + " to " + path, why);
  }
  return sync_directory_of(path);
}

Result<void> make_directories(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return machine_error("create directory " + path + ": " + error.message());
  if (!std::filesystem::is_directory(path, error))
    return machine_error("create directory " + path + ": a file is there");
  return {};
}

std::string executable_path() {
  char buffer[PATH_MAX];
  const ssize_t length = ::readlink("/proc/self/exe", buffer, sizeof buffer);
  return length > 0 ? std::string(buffer, static_cast<std::size_t>(length)) : std::string();
}

std::string executable_directory() {
  return std::filesystem::path(executable_path()).parent_path().string();
}

}  // namespace tidegate
