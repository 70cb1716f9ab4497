#pragma once
// Little-endian numbers, LEB128 lengths and short texts, written to and read from byte strings. Every read is bounded:
// hostile input makes the reader `bad`, never undefined behaviour and never a large allocation.

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

namespace tidegate::record::binary {

template <typename Integer>
void put_fixed(std::string& out, Integer value) {
  static_assert(std::is_integral_v<Integer> && std::endian::native == std::endian::little);
  char bytes[sizeof(Integer)];
  std::memcpy(bytes, &value, sizeof value);
  out.append(bytes, sizeof bytes);
}

inline void put_double(std::string& out, double value) {
  put_fixed(out, std::bit_cast<std::uint64_t>(value));
}

inline void put_varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>((value & 0x7f) | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}

/// ZigZag, so that small negative seconds (set-up) stay short.
inline void put_signed(std::string& out, std::int64_t value) {
  put_varint(out, (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
}

inline void put_text(std::string& out, std::string_view text) {
  put_varint(out, text.size());
  out.append(text);
}

/// Reads in order; after the first read that does not fit, `bad()` stays true and reads give zeros.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  bool bad() const { return bad_; }
  bool at_end() const { return rest_.empty(); }
  std::size_t remaining() const { return rest_.size(); }

  std::string_view bytes(std::uint64_t count) {
    if (bad_ || count > rest_.size()) {
      bad_ = true;
      return {};
    }
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }

  template <typename Integer>
  Integer fixed() {
    const std::string_view taken = bytes(sizeof(Integer));
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < taken.size(); ++i) {
      value |= static_cast<std::uint64_t>(static_cast<unsigned char>(taken[i])) << (8 * i);
    }
    return static_cast<Integer>(value);
  }

  double real() { return std::bit_cast<double>(fixed<std::uint64_t>()); }

  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const auto byte = fixed<std::uint8_t>();
      if (bad_) return 0;
      if (shift == 63 && byte > 1) break;
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) return value;
    }
    bad_ = true;
    return 0;
  }

  std::int64_t signed_varint() {
    const std::uint64_t value = varint();
    return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
  }

  std::string_view text() { return bytes(varint()); }

 private:
  std::string_view rest_;
  bool bad_ = false;
};

}  // namespace tidegate::record::binary
