#include "platform/reconciliation/zip.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>

namespace tidegate::platform {
namespace {

constexpr std::size_t kBuffer = 256 * 1024;
constexpr std::uint16_t kVersion = 20;
constexpr std::uint16_t kDataDescriptor = 8;  // the sizes follow the data
constexpr std::uint16_t kDeflate = 8;
constexpr std::uint16_t kDate = (46U << 9U) | (1U << 5U) | 1U;  // fixed, so that equal content gives equal archives

void put(std::string& out, std::uint32_t number, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(number >> (8U * static_cast<unsigned>(i)));
}

/// The part that the local header and the directory share.
void put_common(std::string& out, std::uint32_t crc, std::uint32_t compressed, std::uint32_t size,
                const std::string& name) {
  put(out, kVersion, 2);
  put(out, kDataDescriptor, 2);
  put(out, kDeflate, 2);
  put(out, 0, 2);
  put(out, kDate, 2);
  put(out, crc, 4);
  put(out, compressed, 4);
  put(out, size, 4);
  put(out, static_cast<std::uint32_t>(name.size()), 2);
  put(out, 0, 2);
}

struct Deflater {
  Deflater() { deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY); }
  ~Deflater() { deflateEnd(&stream); }
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;
  z_stream stream{};
};

}  // namespace

Result<ZipWriter> ZipWriter::create(const std::string& path) {
  FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!file) return system_error("make " + path, errno);
  return ZipWriter(std::move(file), path);
}

Result<void> ZipWriter::write(std::string_view bytes) {
  written_ += bytes.size();
  return write_all(file_.get(), bytes, path_);
}

template <typename Read>
Result<void> ZipWriter::add(const std::string& name, Read read) {
  Entry entry{name};
  entry.offset = static_cast<std::uint32_t>(written_);
  std::string head;
  put(head, 0x04034b50, 4);
  put_common(head, 0, 0, 0, name);
  if (auto done = write(head + name); !done) return done;
  Deflater deflater;
  std::string in(kBuffer, '\0');
  std::string out(kBuffer, '\0');
  std::uint64_t size = 0;
  const std::uint64_t data_begins = written_;
  auto crc = crc32(0, nullptr, 0);
  for (bool last = false; !last;) {
    auto got = read(in);
    if (!got) return got.error();
    last = *got == 0;
    size += *got;
    crc = crc32(crc, reinterpret_cast<const Bytef*>(in.data()), static_cast<uInt>(*got));
    deflater.stream.next_in = reinterpret_cast<Bytef*>(in.data());
    deflater.stream.avail_in = static_cast<uInt>(*got);
    do {
      deflater.stream.next_out = reinterpret_cast<Bytef*>(out.data());
      deflater.stream.avail_out = static_cast<uInt>(out.size());
      deflate(&deflater.stream, last ? Z_FINISH : Z_NO_FLUSH);
      const std::string_view ready(out.data(), out.size() - deflater.stream.avail_out);
      if (auto done = write(ready); !done) return done;
    } while (deflater.stream.avail_out == 0);
  }
  if (size > UINT32_MAX || written_ > UINT32_MAX) return usage_error(path_ + ": more than 4 GiB");
  entry.crc = static_cast<std::uint32_t>(crc);
  entry.compressed = static_cast<std::uint32_t>(written_ - data_begins);
  entry.size = static_cast<std::uint32_t>(size);
  std::string tail;
  put(tail, 0x08074b50, 4);
  put(tail, entry.crc, 4);
  put(tail, entry.compressed, 4);
  put(tail, entry.size, 4);
  entries_.push_back(std::move(entry));
  return write(tail);
}

Result<void> ZipWriter::add_file(const std::string& name, const std::string& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return system_error("read " + path, errno);
  return add(name, [&](std::string& buffer) -> Result<std::size_t> {
    const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
    if (got < 0) return system_error("read " + path, errno);
    return static_cast<std::size_t>(got);
  });
}

Result<void> ZipWriter::add_text(const std::string& name, std::string_view text) {
  return add(name, [text](std::string& buffer) mutable -> Result<std::size_t> {
    const std::size_t size = std::min(text.size(), buffer.size());
    std::copy(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(size), buffer.begin());
    text.remove_prefix(size);
    return size;
  });
}

Result<void> ZipWriter::finish() {
  const auto begins = static_cast<std::uint32_t>(written_);
  std::string directory;
  for (const Entry& entry : entries_) {
    put(directory, 0x02014b50, 4);
    put(directory, kVersion, 2);
    put_common(directory, entry.crc, entry.compressed, entry.size, entry.name);
    put(directory, 0, 2);  // no comment
    put(directory, 0, 2);  // the first disk
    put(directory, 0, 2);
    put(directory, 0, 4);
    put(directory, entry.offset, 4);
    directory += entry.name;
  }
  const auto size = static_cast<std::uint32_t>(directory.size());
  put(directory, 0x06054b50, 4);
  put(directory, 0, 4);
  put(directory, static_cast<std::uint32_t>(entries_.size()), 2);
  put(directory, static_cast<std::uint32_t>(entries_.size()), 2);
  put(directory, size, 4);
  put(directory, begins, 4);
  put(directory, 0, 2);
  if (auto done = write(directory); !done) return done;
  if (fdatasync(file_.get()) != 0) return system_error("sync " + path_, errno);
  return {};
}

}  // namespace tidegate::platform
