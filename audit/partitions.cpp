#include "audit/partitions.hpp"

#include <cerrno>
#include <filesystem>

#include <fcntl.h>
#include <unistd.h>

namespace tidegate::audit {

Result<void> ScratchFile::open() {
  if (file_) return {};
  std::error_code ignored;
  for (const std::string& where : {directory_, std::filesystem::temp_directory_path(ignored).string()}) {
    file_.reset(::open(where.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    if (file_) return {};
  }
  return system_error("a temporary file for the audit in " + directory_, errno);
}

Result<std::uint64_t> ScratchFile::append(const void* bytes, std::size_t size) {
  if (auto opened = open(); !opened) return opened.error();
  const std::uint64_t offset = size_;
  if (auto written = write_all(file_.get(), {static_cast<const char*>(bytes), size}, "the audit's temporary file");
      !written) {
    return written.error();
  }
  size_ += size;
  return offset;
}

Result<void> ScratchFile::read(std::uint64_t offset, void* bytes, std::size_t size) const {
  auto* target = static_cast<char*>(bytes);
  while (size > 0) {
    const ssize_t got = ::pread(file_.get(), target, size, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return system_error("read the audit's temporary file", got == 0 ? EIO : errno);
    target += got;
    offset += static_cast<std::uint64_t>(got);
    size -= static_cast<std::size_t>(got);
  }
  return {};
}

}  // namespace tidegate::audit
