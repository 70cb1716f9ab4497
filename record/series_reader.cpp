// Goal: a run of hours is read in seconds and in little memory. Method: one pass over the blocks, which checks every
// checksum and the form of every record; numbers are kept, of histograms only where they lie.

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <limits>
#include <optional>
#include <span>

#include <fmt/format.h>

#include "base/file.hpp"
#include "record/binary.hpp"
#include "record/series.hpp"
#include "record/series_format.hpp"

namespace tidegate::record {
namespace {

/// A definition as read. Series of a kind that this version does not know are skipped, with their records.
struct Definition {
  SeriesId id = 0;
  bool known = false;
  SeriesKey key;
};

struct Value {
  std::int32_t second = 0;
  std::size_t series = 0;
  double number = 0;
  std::uint64_t offset = 0;  // of a histogram
  std::uint32_t length = 0;
};

/// Bytes of the open file.
class FileBytes final : public HistogramBytes {
 public:
  explicit FileBytes(FileDescriptor file) : file_(std::move(file)) {}

  void read(std::uint64_t offset, std::size_t length, std::string& out) const override {
    out.resize(length);
    if (read_some(offset, out.data(), length) != length) out.clear();
  }
  /// How much of it there was.
  std::size_t read_some(std::uint64_t offset, char* into, std::size_t length) const {
    std::size_t got = 0;
    while (got < length) {
      const ssize_t more = ::pread(file_.get(), into + got, length - got, static_cast<off_t>(offset + got));
      if (more < 0 && errno == EINTR) continue;
      if (more <= 0) break;
      got += static_cast<std::size_t>(more);
    }
    return got;
  }

 private:
  FileDescriptor file_;
};

/// Applies blocks to a SeriesSet, each wholly or not at all. A block's errors are returned as the reason.
class BlockReader {
 public:
  BlockReader(SeriesSet& set, std::shared_ptr<const HistogramBytes> bytes) : set_(set), bytes_(std::move(bytes)) {}

  /// `offset`: where in the file the payload begins.
  std::string apply(std::uint32_t type, std::string_view payload, std::uint64_t offset) {
    if (type == series_format::kDefinitions) return apply_definitions(payload);
    if (type == series_format::kRecords) return apply_records(payload, offset);
    return {};  // a kind of block that a later minor version added
  }

 private:
  std::string apply_definitions(std::string_view payload) {
    binary::Reader reader(payload);
    std::vector<Definition> definitions;
    while (!reader.at_end()) {
      Definition definition = read_definition(reader);
      if (reader.bad()) return "a definition is malformed";
      if (definition.id != places_.size() + definitions.size()) return "series are not numbered in order";
      definitions.push_back(std::move(definition));
    }
    for (Definition& definition : definitions) {
      places_.push_back(definition.known ? set_.series.size() : series_format::kNotKept);
      if (definition.known) set_.series.push_back(Series{std::move(definition.key), {}, HistogramTrack(bytes_)});
    }
    return {};
  }

  static Definition read_definition(binary::Reader& reader) {
    Definition definition;
    definition.id = static_cast<SeriesId>(reader.varint());
    const auto kind = reader.fixed<std::uint8_t>();
    definition.known = kind <= static_cast<std::uint8_t>(SeriesKind::histogram);
    if (definition.known) definition.key.kind = static_cast<SeriesKind>(kind);
    definition.key.metric = reader.text();
    definition.key.unit = reader.text();
    for (std::uint64_t tags = reader.varint(); tags > 0 && !reader.bad(); --tags) {
      std::string name(reader.text());
      definition.key.tags.emplace_back(std::move(name), reader.text());
    }
    return definition;
  }

  std::string apply_records(std::string_view payload, std::uint64_t offset) {
    binary::Reader reader(payload);
    std::vector<Value>& values = values_;
    values.clear();
    while (!reader.at_end()) {
      const std::int64_t second = reader.signed_varint();
      const std::uint64_t id = reader.varint();
      const std::string_view bytes = reader.text();
      const bool far = second > series_format::kFarthestSecond || second < -series_format::kFarthestSecond;
      if (reader.bad() || far) return "a record is malformed";
      if (id >= places_.size()) return fmt::format("a record names series {}, which is not defined", id);
      if (places_[id] == series_format::kNotKept) continue;
      Value value;
      value.second = static_cast<std::int32_t>(second);
      value.series = places_[id];
      value.offset = offset + static_cast<std::uint64_t>(bytes.data() - payload.data());
      if (!read_value(bytes, value)) return "a record's value is malformed";
      values.push_back(std::move(value));
    }
    for (Value& value : values) store(value);
    return {};
  }

  bool read_value(std::string_view bytes, Value& value) const {
    if (set_.series[value.series].key.kind == SeriesKind::histogram) {
      value.length = static_cast<std::uint32_t>(bytes.size());
      const auto counts = Histogram::encoded_counts(std::as_bytes(std::span(bytes.data(), bytes.size())), 0);
      if (!counts) return false;
      return true;
    }
    binary::Reader reader(bytes);
    value.number = reader.real();
    return !reader.bad() && reader.at_end();
  }

  void store(Value& value) {
    Series& series = set_.series[value.series];
    if (series.key.kind == SeriesKind::histogram) {
      series.histograms.add_record(value.second, value.offset, value.length);
    } else if (series.key.kind == SeriesKind::gauge) {
      series.values[value.second] = value.number;
    } else {
      series.values[value.second] += value.number;
    }
  }

  SeriesSet& set_;
  std::shared_ptr<const HistogramBytes> bytes_;
  std::vector<std::size_t> places_;  // by series id
  std::vector<Value> values_;        // of the block being read
};

struct Block {
  std::uint32_t type = 0;
  std::string_view payload;
  std::string reason;  // why it cannot be used
};

/// Walks the blocks of a file with one buffer.
class BlockWalker {
 public:
  explicit BlockWalker(const FileBytes& file) : file_(file) {}

  std::uint64_t offset() const { return offset_; }
  std::uint64_t payload_offset() const { return offset_ + series_format::kBlockHeaderSize; }

  /// The block at the offset; none at the end of the file.
  std::optional<Block> read() {
    char header[series_format::kBlockHeaderSize];
    const std::size_t got = file_.read_some(offset_, header, sizeof header);
    if (got == 0) return std::nullopt;
    if (got < sizeof header) return Block{0, {}, "ends inside a block's header"};
    binary::Reader reader(std::string_view(header, sizeof header));
    Block block;
    block.type = reader.fixed<std::uint32_t>();
    const auto length = reader.fixed<std::uint32_t>();
    const auto checksum = reader.fixed<std::uint32_t>();
    if (length > series_format::kLongestBlock) return Block{0, {}, fmt::format("a block claims {} bytes", length)};
    if (buffer_.size() < length) buffer_.resize(length);
    const std::size_t there = file_.read_some(payload_offset(), buffer_.data(), length);
    if (there < length) return Block{0, {}, fmt::format("ends inside a block ({} of {} bytes)", there, length)};
    block.payload = std::string_view(buffer_.data(), length);
    if (series_format::block_checksum(block.type, block.payload) != checksum)
      block.reason = "a block's checksum is wrong";
    return block;
  }
  void advance(const Block& block) { offset_ = payload_offset() + block.payload.size(); }

 private:
  const FileBytes& file_;
  std::uint64_t offset_ = kFileHeaderSize;
  std::string buffer_;
};

Result<std::shared_ptr<FileBytes>> open_bytes(const std::string& path) {
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return system_error("open " + path, errno);
  auto bytes = std::make_shared<FileBytes>(std::move(file));
  std::string header(kFileHeaderSize, '\0');
  header.resize(bytes->read_some(0, header.data(), header.size()));
  if (auto known = check_header(header, series_format::kHeader, path); !known) return known.error();
  return bytes;
}

}  // namespace

Result<SeriesSet> read_series(const std::string& path) {
  auto bytes = open_bytes(path);
  if (!bytes) return bytes.error();
  SeriesSet set;
  BlockReader blocks(set, *bytes);
  BlockWalker walker(**bytes);
  while (auto block = walker.read()) {
    if (block->reason.empty()) block->reason = blocks.apply(block->type, block->payload, walker.payload_offset());
    if (!block->reason.empty()) {
      set.cut_short = true;
      set.cut_short_reason = fmt::format("{} at byte {}: {}", path, walker.offset(), block->reason);
      break;
    }
    walker.advance(*block);
  }
  return set;
}

}  // namespace tidegate::record
