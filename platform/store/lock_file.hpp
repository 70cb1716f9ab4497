#pragma once
// One owner per database: an advisory lock that the kernel releases when its holder dies. Private to platform/store.

#include <string>

#include "base/file.hpp"
#include "base/result.hpp"

namespace tidegate::platform {

/// Holds the lock for its life. The file stays behind; its lock does not.
class LockFile {
 public:
  /// An error that names the holder's process when another one has it.
  static Result<LockFile> acquire(const std::string& path);

 private:
  explicit LockFile(FileDescriptor descriptor) : descriptor_(std::move(descriptor)) {}
  FileDescriptor descriptor_;
};

}  // namespace tidegate::platform
