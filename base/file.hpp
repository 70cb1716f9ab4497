#pragma once
// Files and descriptors with owners.

#include <string>
#include <string_view>
#include <utility>

#include "base/result.hpp"

namespace tidegate {

/// Owns a file descriptor; -1 is none.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) noexcept : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor() { reset(); }

  int get() const noexcept { return fd_; }
  int release() noexcept { return std::exchange(fd_, -1); }
  void reset(int fd = -1) noexcept;
  explicit operator bool() const noexcept { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

Result<std::string> read_file(const std::string& path);
/// Writes to a sibling temporary file, syncs and renames: readers see the old or the new content, never a part.
Result<void> write_file_atomically(const std::string& path, std::string_view content);
/// Appends all of it to an open descriptor, retrying short writes; the error names the path and the cause (disk full).
Result<void> write_all(int fd, std::string_view bytes, const std::string& path_for_messages);
Result<void> make_directories(const std::string& path);
/// The directory of the running program, for finding siblings and share files.
std::string executable_directory();
std::string executable_path();

}  // namespace tidegate
