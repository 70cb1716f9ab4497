#include "record/hdr_encoding.hpp"

#include <zlib.h>

#include <bit>

#include "base/assert.hpp"

namespace tidegate::record {
namespace {

constexpr std::uint32_t kV2Cookie = 0x1c849303 | 0x10;
constexpr std::uint32_t kV2CompressedCookie = 0x1c849304 | 0x10;
constexpr std::size_t kHeader = 40;

template <typename Number>
void put_big_endian(std::string& out, Number number) {
  for (int shift = 8 * (static_cast<int>(sizeof number) - 1); shift >= 0; shift -= 8) {
    out += static_cast<char>((number >> shift) & 0xFF);
  }
}

std::string encode_v2(const Histogram& histogram) {
  std::string counts;
  histogram.encode(counts);
  counts.erase(0, 1);  // our format byte; what follows is V2's own payload
  std::string out;
  put_big_endian(out, kV2Cookie);
  put_big_endian(out, static_cast<std::uint32_t>(counts.size()));
  put_big_endian(out, std::uint32_t{0});  // normalizing index offset
  put_big_endian(out, std::uint32_t{3});  // significant digits
  put_big_endian(out, std::uint64_t{1});  // lowest discernible value
  put_big_endian(out, Histogram::kHighestTrackable);
  put_big_endian(out, std::bit_cast<std::uint64_t>(1.0));  // conversion ratio to doubles
  TIDEGATE_ASSERT(out.size() == kHeader);
  return out + counts;
}

std::string deflated(const std::string& bytes) {
  uLongf size = ::compressBound(bytes.size());
  std::string out(size, '\0');
  const int done = ::compress2(reinterpret_cast<Bytef*>(out.data()), &size,
                               reinterpret_cast<const Bytef*>(bytes.data()), bytes.size(), Z_BEST_COMPRESSION);
  TIDEGATE_ASSERT(done == Z_OK);
  out.resize(size);
  return out;
}

std::string base64(const std::string& bytes) {
  static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0);
    }
    for (std::size_t k = 0; k < 4; ++k) out += i + k <= bytes.size() ? kDigits[group >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

}  // namespace

std::string hdr_base64(const Histogram& histogram) {
  const std::string body = deflated(encode_v2(histogram));
  std::string out;
  put_big_endian(out, kV2CompressedCookie);
  put_big_endian(out, static_cast<std::uint32_t>(body.size()));
  return base64(out + body);
}

}  // namespace tidegate::record
