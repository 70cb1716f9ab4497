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
  std::optional<Histogram> histogram;
};

/// Decades on either side of the run clock's zero; keeps arithmetic on seconds within 32 bits.
constexpr std::int64_t kFarthestSecond = 1'000'000'000;
constexpr std::size_t kNotKept = std::numeric_limits<std::size_t>::max();

/// Applies blocks to a SeriesSet, each wholly or not at all. A block's errors are returned as the reason.
class BlockReader {
 public:
  explicit BlockReader(SeriesSet& set) : set_(set) {}

  std::string apply(std::uint32_t type, std::string_view payload) {
    if (type == series_format::kDefinitions) return apply_definitions(payload);
    if (type == series_format::kRecords) return apply_records(payload);
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
      places_.push_back(definition.known ? set_.series.size() : kNotKept);
      if (definition.known) set_.series.push_back(Series{std::move(definition.key), {}, {}});
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

  std::string apply_records(std::string_view payload) {
    binary::Reader reader(payload);
    std::vector<Value> values;
    while (!reader.at_end()) {
      const std::int64_t second = reader.signed_varint();
      const std::uint64_t id = reader.varint();
      const std::string_view bytes = reader.text();
      const bool far = second > kFarthestSecond || second < -kFarthestSecond;
      if (reader.bad() || far) return "a record is malformed";
      if (id >= places_.size()) return fmt::format("a record names series {}, which is not defined", id);
      if (places_[id] == kNotKept) continue;
      Value value;
      value.second = static_cast<std::int32_t>(second);
      value.series = places_[id];
      if (!read_value(bytes, value)) return "a record's value is malformed";
      values.push_back(std::move(value));
    }
    for (Value& value : values) store(value);
    return {};
  }

  bool read_value(std::string_view bytes, Value& value) const {
    if (set_.series[value.series].key.kind == SeriesKind::histogram) {
      auto histogram = Histogram::decode(std::as_bytes(std::span(bytes.data(), bytes.size())));
      if (!histogram) return false;
      value.histogram = std::move(*histogram);
      return true;
    }
    binary::Reader reader(bytes);
    value.number = reader.real();
    return !reader.bad() && reader.at_end();
  }

  void store(Value& value) {
    Series& series = set_.series[value.series];
    if (value.histogram) {
      const auto [found, added] = series.histograms.try_emplace(value.second, std::move(*value.histogram));
      if (!added) found->second.merge(*value.histogram);
    } else if (series.key.kind == SeriesKind::gauge) {
      series.values[value.second] = value.number;
    } else {
      series.values[value.second] += value.number;
    }
  }

  SeriesSet& set_;
  std::vector<std::size_t> places_;  // by series id
};

/// The reason why the block at the start of `rest` cannot be used, or empty when `payload` and `type` hold it.
std::string next_block(std::string_view rest, std::uint32_t& type, std::string_view& payload) {
  binary::Reader reader(rest);
  type = reader.fixed<std::uint32_t>();
  const auto length = reader.fixed<std::uint32_t>();
  const auto checksum = reader.fixed<std::uint32_t>();
  if (reader.bad()) return "ends inside a block's header";
  if (length > series_format::kLongestBlock) return fmt::format("a block claims {} bytes", length);
  payload = reader.bytes(length);
  if (reader.bad()) return fmt::format("ends inside a block ({} of {} bytes)", reader.remaining(), length);
  if (series_format::block_checksum(type, payload) != checksum) return "a block's checksum is wrong";
  return {};
}

}  // namespace

Result<SeriesSet> read_series(const std::string& path) {
  auto content = read_file(path);
  if (!content) return content.error();
  if (auto header = check_header(*content, series_format::kHeader, path); !header) return header.error();

  SeriesSet set;
  BlockReader blocks(set);
  std::string_view rest = std::string_view(*content).substr(kFileHeaderSize);
  while (!rest.empty() && !set.cut_short) {
    std::uint32_t type = 0;
    std::string_view payload;
    std::string reason = next_block(rest, type, payload);
    if (reason.empty()) reason = blocks.apply(type, payload);
    if (!reason.empty()) {
      set.cut_short = true;
      set.cut_short_reason = fmt::format("{} at byte {}: {}", path, content->size() - rest.size(), reason);
    } else {
      rest.remove_prefix(series_format::kBlockHeaderSize + payload.size());
    }
  }
  return set;
}

}  // namespace tidegate::record
