#include "record/append_file.hpp"

#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

namespace tidegate::record {

Result<AppendFile> AppendFile::create(const std::string& path, std::string_view header) {
  FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644));
  if (!file) return system_error("create " + path, errno);
  AppendFile appender(std::move(file), path, 0);
  if (auto written = appender.append(header); !written) return written.error();
  return appender;
}

Result<AppendFile> AppendFile::continue_at(const std::string& path, std::uint64_t length) {
  FileDescriptor file(::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  if (!file) return system_error("open " + path, errno);
  if (::ftruncate(file.get(), static_cast<off_t>(length)) != 0) return system_error("truncate " + path, errno);
  return AppendFile(std::move(file), path, length);
}

Result<void> AppendFile::append(std::string_view block) {
  auto written = write_all(file_.get(), block, path_);
  if (!written) {
    // Devices cannot be truncated; there the error alone has to do.
    [[maybe_unused]] const int ignored = ::ftruncate(file_.get(), static_cast<off_t>(size_));
    return written;
  }
  size_ += block.size();
  return {};
}

}  // namespace tidegate::record
