#pragma once
// Writes a ZIP archive of texts (APPNOTE 6.3.10; deflate), each streamed through a bounded buffer.

#include <cstdint>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "base/result.hpp"

namespace tidegate::platform {

/// Files of less than 4 GiB, fewer than 65,535 of them.
class ZipWriter {
 public:
  /// Makes or replaces the file.
  static Result<ZipWriter> create(const std::string& path);
  /// Adds the content of a file under a name of its own.
  Result<void> add_file(const std::string& name, const std::string& path);
  Result<void> add_text(const std::string& name, std::string_view text);
  /// Writes the directory; the archive is whole only then.
  Result<void> finish();

 private:
  struct Entry {
    std::string name;
    std::uint32_t crc = 0, compressed = 0, size = 0, offset = 0;
  };
  ZipWriter(FileDescriptor file, std::string path) : file_(std::move(file)), path_(std::move(path)) {}
  template <typename Read>
  Result<void> add(const std::string& name, Read read);
  Result<void> write(std::string_view bytes);

  FileDescriptor file_;
  std::string path_;
  std::uint64_t written_ = 0;
  std::vector<Entry> entries_;
};

}  // namespace tidegate::platform
