#include "record/operation_codec.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "record/binary.hpp"
#include "record/checksum.hpp"

namespace tidegate::record::operation_codec {
namespace {

constexpr std::uint8_t kTruncated = 1;
constexpr std::uint8_t kRepeat = 2;
constexpr std::size_t kReserved = 4;
constexpr std::size_t kChecksummed = kRecordSize - 4;

template <std::size_t size>
void put_chars(std::string& out, const std::array<char, size>& text) {
  out.append(text.data(), size);
}

template <std::size_t size>
void get_chars(binary::Reader& reader, std::array<char, size>& text) {
  const std::string_view bytes = reader.bytes(size);
  std::copy(bytes.begin(), bytes.end(), text.begin());
}

}  // namespace

void encode(const Operation& operation, std::string& out) {
  const std::size_t start = out.size();
  binary::put_fixed(out, static_cast<std::int64_t>(operation.time.count()));
  binary::put_fixed(out, operation.iteration);
  binary::put_fixed(out, operation.scope);
  binary::put_fixed(out, operation.amount);
  binary::put_fixed(out, operation.block);
  binary::put_fixed(out, operation.step);
  binary::put_fixed(out, operation.attempt);
  binary::put_fixed(out, operation.status);
  binary::put_fixed(out, static_cast<std::uint8_t>(operation.event));
  binary::put_fixed(
      out, static_cast<std::uint8_t>((operation.truncated ? kTruncated : 0) | (operation.repeat ? kRepeat : 0)));
  binary::put_fixed(out, std::uint16_t{0});
  put_chars(out, operation.currency);
  put_chars(out, operation.kind);
  put_chars(out, operation.key);
  put_chars(out, operation.id);
  binary::put_fixed(out, operation.touched);
  out.append(kReserved, '\0');
  TIDEGATE_ASSERT(out.size() - start == kChecksummed);
  binary::put_fixed(out, crc32_of(std::string_view(out).substr(start)));
}

bool decode(std::string_view bytes, Operation& operation) {
  TIDEGATE_ASSERT(bytes.size() == kRecordSize);
  binary::Reader checksum(bytes.substr(kChecksummed));
  if (checksum.fixed<std::uint32_t>() != crc32_of(bytes.substr(0, kChecksummed))) return false;
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
  return true;
}

}  // namespace tidegate::record::operation_codec
