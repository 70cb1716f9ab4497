#include "record/truth.hpp"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>
#include <zstd.h>

#include "base/assert.hpp"
#include "base/file.hpp"

namespace tidegate::record {
namespace {

constexpr std::size_t kBuffer = 1U << 18;
/// A longer line is damage or an attack; one export line is under a kilobyte.
constexpr std::size_t kLongestLine = 16U << 20;
/// The fastest of the usual levels: fetching must not wait for it.
constexpr int kLevel = 1;

struct StreamFree {
  void operator()(ZSTD_CCtx* context) const noexcept { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const noexcept { ZSTD_freeDCtx(context); }
};

Error zstd_error(const std::string& what, std::size_t code) {
  return machine_error(fmt::format("{}: {}", what, ZSTD_getErrorName(code)));
}

}  // namespace

struct TruthWriter::State {
  std::string path;
  FileDescriptor file;
  std::unique_ptr<ZSTD_CCtx, StreamFree> context{ZSTD_createCCtx()};
  std::string pending;  // lines not yet compressed
  std::string out = std::string(ZSTD_CStreamOutSize(), '\0');

  Result<void> compress(ZSTD_EndDirective directive) {
    ZSTD_inBuffer in{pending.data(), pending.size(), 0};
    for (;;) {
      ZSTD_outBuffer target{out.data(), out.size(), 0};
      const std::size_t left = ZSTD_compressStream2(context.get(), &target, &in, directive);
      if (ZSTD_isError(left) != 0) return zstd_error("compress " + path, left);
      if (auto written = write_all(file.get(), {out.data(), target.pos}, path); !written) return written;
      if (directive == ZSTD_e_end ? left == 0 : in.pos == in.size) break;
    }
    pending.clear();
    return {};
  }
};

TruthWriter::TruthWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
// A writer that was never closed leaves a file that reads as cut short, which is what it is.
TruthWriter::~TruthWriter() = default;

Result<std::unique_ptr<TruthWriter>> TruthWriter::create(const std::string& path) {
  auto state = std::make_unique<State>();
  state->path = path;
  state->file.reset(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!state->file) return system_error("create " + path, errno);
  ZSTD_CCtx_setParameter(state->context.get(), ZSTD_c_compressionLevel, kLevel);
  ZSTD_CCtx_setParameter(state->context.get(), ZSTD_c_checksumFlag, 1);
  return std::unique_ptr<TruthWriter>(new TruthWriter(std::move(state)));
}

Result<void> TruthWriter::write_line(std::string_view json_line) {
  TIDEGATE_ASSERT(std::memchr(json_line.data(), '\n', json_line.size()) == nullptr);
  if (!state_->file) return closed_error("write " + state_->path + ": closed already");
  state_->pending.append(json_line).push_back('\n');
  return state_->pending.size() < kBuffer ? Result<void>{} : state_->compress(ZSTD_e_continue);
}

Result<void> TruthWriter::close() {
  if (!state_->file) return {};
  auto ended = state_->compress(ZSTD_e_end);
  state_->file.reset();
  return ended;
}

namespace {

/// Decompresses into one buffer, out of which lines are handed; the start of a line that is not whole yet moves to the
/// front.
class LineReader {
 public:
  LineReader(const std::string& path, const std::function<bool(std::string_view)>& visit)
      : path_(path), visit_(visit), text_(2 * kBuffer + kLinePadding, '\0') {}

  Result<void> read() {
    FileDescriptor file(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return system_error("open " + path_, errno);
    std::string bytes(kBuffer, '\0');
    std::size_t frame = 1;  // 0 once a frame has ended
    bool any = false;
    for (;;) {
      const ssize_t got = ::read(file.get(), bytes.data(), bytes.size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return system_error("read " + path_, errno);
      if (got == 0) break;
      any = true;
      ZSTD_inBuffer in{bytes.data(), static_cast<std::size_t>(got), 0};
      if (auto taken = decompress(in, frame); !taken || done_) return taken;
    }
    if (any && (frame != 0 || held_ > 0)) return machine_error(path_ + ": cut short inside a line or a block");
    return any ? Result<void>{} : machine_error(path_ + ": empty: not compressed lines");
  }

 private:
  Result<void> decompress(ZSTD_inBuffer& in, std::size_t& frame) {
    bool more = true;
    while (more && !done_) {
      ZSTD_outBuffer target{text_.data() + held_, text_.size() - kLinePadding - held_, 0};
      frame = ZSTD_decompressStream(context_.get(), &target, &in);
      if (ZSTD_isError(frame) != 0) return zstd_error(path_ + ": not compressed lines, or damaged", frame);
      more = in.pos < in.size || (target.pos == target.size && target.pos > 0);
      if (auto split = hand_out(held_ + target.pos); !split) return split;
    }
    return {};
  }

  Result<void> hand_out(std::size_t end) {
    const char* start = text_.data();
    const char* const stop = start + end;
    while (start < stop) {
      const auto* brk = static_cast<const char*>(std::memchr(start, '\n', static_cast<std::size_t>(stop - start)));
      if (brk == nullptr) break;
      if (!visit_({start, static_cast<std::size_t>(brk - start)})) {
        done_ = true;
        return {};
      }
      start = brk + 1;
    }
    held_ = static_cast<std::size_t>(stop - start);
    if (held_ > kLongestLine) return machine_error(fmt::format("{}: a line of over {} bytes", path_, kLongestLine));
    std::memmove(text_.data(), start, held_);
    if (text_.size() - held_ < kBuffer + kLinePadding) text_.resize(text_.size() * 2);
    return {};
  }

  const std::string& path_;
  const std::function<bool(std::string_view)>& visit_;
  std::string text_;
  std::size_t held_ = 0;
  bool done_ = false;  // the visitor had enough
  std::unique_ptr<ZSTD_DCtx, StreamFree> context_{ZSTD_createDCtx()};
};

}  // namespace

Result<void> read_truth(const std::string& path, const std::function<bool(std::string_view)>& visit) {
  return LineReader(path, visit).read();
}

}  // namespace tidegate::record
