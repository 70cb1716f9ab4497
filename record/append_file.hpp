#pragma once
// Files that only grow, a whole block at a time: what a killed run leaves is everything before its last block.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/file.hpp"
#include "base/result.hpp"

namespace tidegate::record {

/// Not thread-safe. Blocks reach the kernel before `append` returns, so they survive the death of the process (not a
/// power cut: there is no sync per block).
class AppendFile {
 public:
  /// Makes the file anew with these first bytes; an existing file is emptied.
  static Result<AppendFile> create(const std::string& path, std::string_view header);
  /// Continues a file after its first `length` bytes; what follows them (a torn tail) is cut off.
  static Result<AppendFile> continue_at(const std::string& path, std::uint64_t length);

  /// One write for the whole block. After a failure (disk full) the part that was written is taken back, so the file
  /// ends with the last whole block; the error names the path and the cause.
  Result<void> append(std::string_view block);

  const std::string& path() const { return path_; }
  std::uint64_t size() const { return size_; }

 private:
  AppendFile(FileDescriptor file, std::string path, std::uint64_t size)
      : file_(std::move(file)), path_(std::move(path)), size_(size) {}

  FileDescriptor file_;
  std::string path_;
  std::uint64_t size_ = 0;
};

}  // namespace tidegate::record
