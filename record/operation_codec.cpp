#include "record/operation_codec.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include <xxhash.h>

#include "base/assert.hpp"
#include "record/binary.hpp"

namespace tidegate::record::operation_codec {
namespace {

constexpr std::uint8_t kTruncated = 1;
constexpr std::uint8_t kRepeat = 2;
constexpr std::size_t kChecksummed = kRecordSize - 4;

/// A load loop makes hundreds of thousands of records a second: CRC-32 would cost more than all the rest of one.
std::uint32_t checksum_of(std::string_view bytes) {
  return static_cast<std::uint32_t>(XXH3_64bits(bytes.data(), bytes.size()));
}

/// Fields in their order, into a record that lies there already.
class Fields {
 public:
  explicit Fields(char* at) : at_(at) {}
  template <typename Integer>
  void put(Integer value) {
    static_assert(std::endian::native == std::endian::little);
    std::memcpy(at_, &value, sizeof value);
    at_ += sizeof value;
  }
  template <std::size_t size>
  void put_chars(const std::array<char, size>& text) {
    std::memcpy(at_, text.data(), size);
    at_ += size;
  }
  const char* at() const { return at_; }

 private:
  char* at_;
};

template <std::size_t size>
void get_chars(binary::Reader& reader, std::array<char, size>& text) {
  const std::string_view bytes = reader.bytes(size);
  std::copy(bytes.begin(), bytes.end(), text.begin());
}

}  // namespace

void encode(const Operation& operation, std::string& out) {
  const std::size_t start = out.size();
  out.resize(start + kRecordSize);
  char* const bytes = out.data() + start;
  Fields fields(bytes);
  fields.put(static_cast<std::int64_t>(operation.time.count()));
  fields.put(operation.iteration);
  fields.put(operation.scope);
  fields.put(operation.amount);
  fields.put(operation.block);
  fields.put(operation.step);
  fields.put(operation.attempt);
  fields.put(operation.status);
  fields.put(static_cast<std::uint8_t>(operation.event));
  fields.put(static_cast<std::uint8_t>((operation.truncated ? kTruncated : 0) | (operation.repeat ? kRepeat : 0)));
  fields.put(std::uint16_t{0});
  fields.put_chars(operation.currency);
  fields.put_chars(operation.kind);
  fields.put_chars(operation.key);
  fields.put_chars(operation.id);
  fields.put(operation.touched);
  fields.put(operation.body);
  TIDEGATE_ASSERT(fields.at() == bytes + kChecksummed);
  Fields(bytes + kChecksummed).put(checksum_of({bytes, kChecksummed}));
}

bool decode(std::string_view bytes, Operation& operation) {
  TIDEGATE_ASSERT(bytes.size() == kRecordSize);
  binary::Reader checksum(bytes.substr(kChecksummed));
  if (checksum.fixed<std::uint32_t>() != checksum_of(bytes.substr(0, kChecksummed))) return false;
  binary::Reader reader(bytes);
  operation.time = Nanoseconds{reader.fixed<std::int64_t>()};
  operation.iteration = reader.fixed<std::uint64_t>();
  operation.scope = reader.fixed<std::uint64_t>();
  operation.amount = reader.fixed<std::int64_t>();
  operation.block = reader.fixed<std::uint16_t>();
  operation.step = reader.fixed<std::uint16_t>();
  operation.attempt = reader.fixed<std::uint16_t>();
  operation.status = reader.fixed<std::uint16_t>();
  const auto event = reader.fixed<std::uint8_t>();
  if (event > static_cast<std::uint8_t>(OperationEvent::read)) return false;
  operation.event = static_cast<OperationEvent>(event);
  const auto flags = reader.fixed<std::uint8_t>();
  operation.truncated = (flags & kTruncated) != 0;
  operation.repeat = (flags & kRepeat) != 0;
  reader.bytes(2);
  get_chars(reader, operation.currency);
  get_chars(reader, operation.kind);
  get_chars(reader, operation.key);
  get_chars(reader, operation.id);
  operation.touched = reader.fixed<std::uint64_t>();
  operation.body = reader.fixed<std::uint32_t>();
  return true;
}

}  // namespace tidegate::record::operation_codec
