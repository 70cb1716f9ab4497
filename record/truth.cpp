#include "record/truth.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/format.h>
#include <zlib.h>

#include "base/assert.hpp"

namespace tidegate::record {
namespace {

constexpr unsigned kBuffer = 1U << 18;
/// A longer line is damage or an attack; one export line is under a kilobyte.
constexpr std::size_t kLongestLine = 16U << 20;

struct GzipCloser {
  void operator()(gzFile_s* file) const noexcept { ::gzclose(file); }
};
using GzipFile = std::unique_ptr<gzFile_s, GzipCloser>;

GzipFile open_gzip(const std::string& path, const char* mode) {
  errno = 0;
  GzipFile file(::gzopen(path.c_str(), mode));
  if (file) ::gzbuffer(file.get(), kBuffer);
  return file;
}

/// zlib reports a failed system call as Z_ERRNO and leaves the cause in errno.
Error gzip_error(const std::string& what, int code, int error_number) {
  if (code == Z_ERRNO) return system_error(what, error_number);
  return machine_error(fmt::format("{}: {}", what, ::zError(code)));
}

}  // namespace

struct TruthWriter::State {
  std::string path;
  GzipFile file;

  Result<void> put(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto part = static_cast<unsigned>(std::min<std::size_t>(bytes.size(), 1U << 30));
      const int written = ::gzwrite(file.get(), bytes.data(), part);
      if (written <= 0) {
        const int error_number = errno;
        int code = Z_OK;
        ::gzerror(file.get(), &code);
        return gzip_error("write " + path, code, error_number);
      }
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
  }
};

TruthWriter::TruthWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
TruthWriter::~TruthWriter() = default;

Result<std::unique_ptr<TruthWriter>> TruthWriter::create(const std::string& path) {
  auto state = std::make_unique<State>();
  state->path = path;
  state->file = open_gzip(path, "wbe6");
  if (!state->file) return system_error("create " + path, errno);
  return std::unique_ptr<TruthWriter>(new TruthWriter(std::move(state)));
}

Result<void> TruthWriter::write_line(std::string_view json_line) {
  TIDEGATE_ASSERT(json_line.find('\n') == std::string_view::npos);
  if (!state_->file) return closed_error("write " + state_->path + ": closed already");
  if (auto written = state_->put(json_line); !written) return written;
  return state_->put("\n");
}

Result<void> TruthWriter::close() {
  if (!state_->file) return {};
  errno = 0;
  const int code = ::gzclose(state_->file.release());
  if (code != Z_OK) return gzip_error("write " + state_->path, code, errno);
  return {};
}

namespace {

/// Hands whole lines to `visit` and keeps the rest for the next part.
class LineSplitter {
 public:
  explicit LineSplitter(const std::function<bool(std::string_view)>& visit) : visit_(visit) {}

  /// False once `visit` had enough.
  bool take(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::size_t end = bytes.find('\n');
      if (end == std::string_view::npos) {
        partial_ += bytes;
        return true;
      }
      partial_ += bytes.substr(0, end);
      bytes.remove_prefix(end + 1);
      const std::string line = std::exchange(partial_, {});
      if (!visit_(line)) return false;
    }
    return true;
  }
  std::size_t held() const { return partial_.size(); }

 private:
  const std::function<bool(std::string_view)>& visit_;
  std::string partial_;
};

}  // namespace

Result<void> read_truth(const std::string& path, const std::function<bool(std::string_view)>& visit) {
  GzipFile file = open_gzip(path, "rbe");
  if (!file) return system_error("open " + path, errno);
  LineSplitter lines(visit);
  std::string buffer(kBuffer, '\0');
  while (true) {
    errno = 0;
    const int got = ::gzread(file.get(), buffer.data(), kBuffer);
    if (::gzdirect(file.get()) != 0) return machine_error(path + ": not compressed lines (no gzip header)");
    if (got > 0 && !lines.take(std::string_view(buffer).substr(0, static_cast<std::size_t>(got)))) return {};
    if (lines.held() > kLongestLine)
      return machine_error(fmt::format("{}: a line of over {} bytes", path, kLongestLine));
    if (got > 0) continue;
    const int error_number = errno;
    int code = Z_OK;
    ::gzerror(file.get(), &code);
    if (code == Z_BUF_ERROR || lines.held() > 0) return machine_error(path + ": cut short inside a line or a block");
    if (code != Z_OK && code != Z_STREAM_END) return gzip_error("read " + path, code, error_number);
    return {};
  }
}

}  // namespace tidegate::record
