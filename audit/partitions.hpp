#pragma once
// More records than fit in memory, cut by the hash of a name into parts that do: a part holds every record of the names
// that fall into it. Records go to a nameless file in chunks; a set of one part stays in memory.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

#include "audit/identity.hpp"
#include "base/file.hpp"
#include "base/result.hpp"

namespace tidegate::audit {

/// A nameless file for chunks, in the run directory when it can be written, else where temporary files go.
class ScratchFile {
 public:
  explicit ScratchFile(std::string directory) : directory_(std::move(directory)) {}
  Result<std::uint64_t> append(const void* bytes, std::size_t size);
  Result<void> read(std::uint64_t offset, void* bytes, std::size_t size) const;

 private:
  Result<void> open();
  std::string directory_;
  FileDescriptor file_;
  std::uint64_t size_ = 0;
};

/// One writer; parts may be taken by several threads at once after the last add().
template <typename Record>
class Partitions {
  static_assert(std::is_trivially_copyable_v<Record>);

 public:
  Partitions(const std::string& scratch_directory, std::size_t parts)
      : file_(scratch_directory), parts_(parts), chunk_(std::clamp<std::size_t>(kBuffers / parts, 64, 2048)) {}

  void add(const Identity& name, const Record& record) {
    Part& part = parts_[name.low % parts_.size()];
    if (parts_.size() > 1 && part.buffer.size() == chunk_) spill(part);
    part.buffer.push_back(record);
    ++size_;
  }

  std::uint64_t size() const { return size_; }
  /// The first error of writing to the scratch file.
  const Result<void>& error() const { return error_; }

  /// All records of a part, in the order in which they were added.
  Result<std::vector<Record>> take(std::size_t index) const {
    const Part& part = parts_[index];
    std::vector<Record> records(part.chunks.size() * chunk_ + part.buffer.size());
    std::size_t at = 0;
    for (const std::uint64_t offset : part.chunks) {
      if (auto read = file_.read(offset, records.data() + at, chunk_ * sizeof(Record)); !read) return read.error();
      at += chunk_;
    }
    std::copy(part.buffer.begin(), part.buffer.end(), records.begin() + static_cast<std::ptrdiff_t>(at));
    return records;
  }

 private:
  static constexpr std::size_t kBuffers = 65536;  // records in memory, over all parts

  struct Part {
    std::vector<Record> buffer;
    std::vector<std::uint64_t> chunks;  // offsets in the file
  };

  void spill(Part& part) {
    const auto offset = file_.append(part.buffer.data(), part.buffer.size() * sizeof(Record));
    if (offset) {
      part.chunks.push_back(*offset);
    } else if (error_.ok()) {
      error_ = offset.error();
    }
    part.buffer.clear();
  }

  ScratchFile file_;
  std::vector<Part> parts_;
  std::size_t chunk_;
  std::uint64_t size_ = 0;
  Result<void> error_;
};

}  // namespace tidegate::audit
