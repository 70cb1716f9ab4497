#include "record/operations.hpp"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>
#include <xxhash.h>

#include "base/assert.hpp"
#include "record/append_file.hpp"
#include "record/operation_codec.hpp"

namespace tidegate::record {
namespace {

using operation_codec::kRecordSize;
constexpr std::size_t kRecordsPerRead = 4096;
constexpr std::size_t kRecordsPerWrite = 4096;

template <std::size_t size>
void assign(std::array<char, size>& field, std::string_view text, bool& truncated) {
  truncated = truncated || text.size() > size;
  field.fill('\0');
  std::copy_n(text.begin(), std::min(text.size(), size), field.begin());
}

template <std::size_t size>
std::string_view text_of(const std::array<char, size>& field) {
  const auto end = std::find(field.begin(), field.end(), '\0');
  return {field.data(), static_cast<std::size_t>(end - field.begin())};
}

/// Reads until `wanted` bytes are there or the file ends.
Result<std::string> read_up_to(int fd, std::size_t wanted, const std::string& path) {
  std::string bytes(wanted, '\0');
  std::size_t have = 0;
  while (have < wanted) {
    const ssize_t got = ::read(fd, bytes.data() + have, wanted - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error("read " + path, errno);
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  bytes.resize(have);
  return bytes;
}

Result<FileDescriptor> open_checked(const std::string& path) {
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return system_error("open " + path, errno);
  auto start = read_up_to(file.get(), kFileHeaderSize, path);
  if (!start) return start.error();
  if (auto header = check_header(*start, operation_codec::kHeader, path); !header) return header.error();
  return file;
}

}  // namespace

std::uint32_t body_hash(std::string_view body) noexcept {
  const auto hash = static_cast<std::uint32_t>(XXH3_64bits(body.data(), body.size()));
  return hash == 0 ? 1 : hash;
}

std::string_view to_string(OperationEvent event) {
  switch (event) {
    case OperationEvent::invoke:
      return "invoke";
    case OperationEvent::ok:
      return "ok";
    case OperationEvent::fail:
      return "fail";
    case OperationEvent::unknown:
      return "unknown";
    case OperationEvent::resolved_ok:
      return "resolved_ok";
    case OperationEvent::resolved_fail:
      return "resolved_fail";
    case OperationEvent::read:
      return "read";
  }
  TIDEGATE_ASSERT(false);
  return {};
}

void Operation::set_kind(std::string_view text) {
  assign(kind, text, truncated);
}
void Operation::set_currency(std::string_view text) {
  assign(currency, text, truncated);
}
void Operation::set_key(std::string_view text) {
  assign(key, text, truncated);
}
void Operation::set_id(std::string_view text) {
  assign(id, text, truncated);
}
std::string_view Operation::kind_text() const {
  return text_of(kind);
}
std::string_view Operation::currency_text() const {
  return text_of(currency);
}
std::string_view Operation::key_text() const {
  return text_of(key);
}
std::string_view Operation::id_text() const {
  return text_of(id);
}

struct OperationWriter::State {
  explicit State(AppendFile opened) : file(std::move(opened)) {}
  AppendFile file;
  std::string block;  // kept for its memory
};

OperationWriter::OperationWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
OperationWriter::~OperationWriter() = default;

Result<std::unique_ptr<OperationWriter>> OperationWriter::create(const std::string& path) {
  auto file = AppendFile::create(path, encode_header(operation_codec::kHeader));
  if (!file) return file.error();
  return std::unique_ptr<OperationWriter>(new OperationWriter(std::make_unique<State>(std::move(*file))));
}

Result<std::unique_ptr<OperationWriter>> OperationWriter::append_to(const std::string& path) {
  auto opened = open_checked(path);
  if (!opened) return opened.error();
  struct stat status {};
  if (::fstat(opened->get(), &status) != 0) return system_error("stat " + path, errno);
  const std::uint64_t records = (static_cast<std::uint64_t>(status.st_size) - kFileHeaderSize) / kRecordSize;
  auto file = AppendFile::continue_at(path, kFileHeaderSize + records * kRecordSize);
  if (!file) return file.error();
  return std::unique_ptr<OperationWriter>(new OperationWriter(std::make_unique<State>(std::move(*file))));
}

Result<void> OperationWriter::write(std::span<const Operation> operations) {
  std::string& block = state_->block;
  while (!operations.empty()) {
    const auto part = operations.first(std::min(operations.size(), kRecordsPerWrite));
    block.clear();
    for (const Operation& operation : part) operation_codec::encode(operation, block);
    if (auto written = state_->file.append(block); !written) return written;
    operations = operations.subspan(part.size());
  }
  return {};
}

Result<bool> visit_operations(const std::string& path, const std::function<void(const Operation&)>& visit) {
  auto file = open_checked(path);
  if (!file) return file.error();
  Operation operation;
  while (true) {
    auto bytes = read_up_to(file->get(), kRecordsPerRead * kRecordSize, path);
    if (!bytes) return bytes.error();
    std::string_view rest = *bytes;
    for (; rest.size() >= kRecordSize; rest.remove_prefix(kRecordSize)) {
      operation = {};
      if (!operation_codec::decode(rest.substr(0, kRecordSize), operation)) return true;
      visit(operation);
    }
    if (!rest.empty()) return true;
    if (bytes->size() < kRecordsPerRead * kRecordSize) return false;
  }
}

Result<OperationLog> read_operations(const std::string& path) {
  OperationLog log;
  const auto cut = visit_operations(path, [&log](const Operation& operation) { log.operations.push_back(operation); });
  if (!cut) return cut.error();
  log.cut_short = *cut;
  return log;
}

Result<Operation> OperationReader::at(std::uint64_t position) {
  if (!file_) {
    auto opened = open_checked(path_);
    if (!opened) return opened.error();
    file_ = std::move(*opened);
  }
  if (::lseek(file_.get(), static_cast<off_t>(kFileHeaderSize + position * kRecordSize), SEEK_SET) < 0) {
    return system_error("seek in " + path_, errno);
  }
  auto bytes = read_up_to(file_.get(), kRecordSize, path_);
  if (!bytes) return bytes.error();
  Operation operation;
  if (bytes->size() != kRecordSize || !operation_codec::decode(*bytes, operation)) {
    return machine_error(fmt::format("{}: no whole record at position {}", path_, position));
  }
  return operation;
}

Result<void> mark_touched(const std::string& path, std::span<const TouchedOperation> marks) {
  if (marks.empty()) return {};
  OperationReader reader(path);
  const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file) return system_error("open " + path, errno);
  for (const TouchedOperation& mark : marks) {
    auto operation = reader.at(mark.position);
    if (!operation) return operation.error();
    operation->touched |= mark.touched;
    std::string bytes;
    operation_codec::encode(*operation, bytes);
    const auto at = static_cast<off_t>(kFileHeaderSize + mark.position * kRecordSize);
    if (::pwrite(file.get(), bytes.data(), bytes.size(), at) != static_cast<ssize_t>(bytes.size())) {
      return system_error("mark an operation in " + path, errno);
    }
  }
  return {};
}

}  // namespace tidegate::record
