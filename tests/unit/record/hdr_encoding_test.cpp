// HdrHistogram's encoding, byte for byte where the format says so. The published decoders read the log of a whole run
// in tests/page.

#include "record/hdr_encoding.hpp"

#include <zlib.h>

#include <vector>

#include "tests/support/catch.hpp"

namespace tidegate::record {
namespace {

std::string from_base64(const std::string& text) {
  static const std::string kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  std::uint32_t group = 0;
  int bits = 0;
  for (const char c : text) {
    if (c == '=') break;
    const auto digit = kDigits.find(c);
    REQUIRE(digit != std::string::npos);
    group = group << 6 | static_cast<std::uint32_t>(digit);
    bits += 6;
    if (bits >= 8) out += static_cast<char>(group >> (bits -= 8) & 0xFF);
  }
  return out;
}

std::string inflated(const std::string& bytes) {
  std::string out(1 << 20, '\0');
  uLongf size = out.size();
  REQUIRE(::uncompress(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(bytes.data()),
                       bytes.size()) == Z_OK);
  out.resize(size);
  return out;
}

std::string hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    out += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4];
    out += "0123456789abcdef"[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

/// The V2 encoding inside the text; checks what wraps it.
std::string v2_of(const std::string& text) {
  const std::string outer = from_base64(text);
  REQUIRE(outer.size() > 8);
  CHECK(hex(outer.substr(0, 4)) == "1c849314");
  CHECK(hex(outer.substr(4, 4)) == hex(std::string{0, 0, 0, static_cast<char>(outer.size() - 8)}));
  return inflated(outer.substr(8));
}

constexpr const char* kHeader =
    "00000000"           // normalizing index offset
    "00000003"           // significant digits
    "0000000000000001"   // lowest discernible value
    "00000000d693a400"   // highest trackable: 3,600,000,000
    "3ff0000000000000";  // conversion ratio

}  // namespace

TEST_CASE("a histogram in the V2 encoding") {
  struct Case {
    const char* what;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> values;  // value, count
    const char* size;
    const char* counts;  // ZigZag LEB128: positive a count, negative a run of empty indices
  };
  const Case rows[] = {
      {"one at 1", {{1, 1}}, "00000002", "0002"},
      {"zeros are values", {{0, 3}}, "00000001", "06"},
      {"a run of empty indices", {{5, 1}}, "00000002", "0902"},
      {"a count of more than one byte", {{0, 100}}, "00000002", "c801"},
      {"two values and a gap", {{2, 1}, {4, 2}}, "00000004", "03020004"},
      {"in the second bucket: index 2048 holds 2048 and 2049", {{2049, 1}}, "00000003", "ff1f02"},
  };
  for (const Case& row : rows) {
    INFO(row.what);
    Histogram histogram;
    for (const auto& [value, count] : row.values) histogram.record(value, count);
    CHECK(hex(v2_of(hdr_base64(histogram))) == std::string("1c849313") + row.size + kHeader + row.counts);
  }
}

}  // namespace tidegate::record
