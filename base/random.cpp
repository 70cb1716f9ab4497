#include "base/random.hpp"

#include <sys/random.h>

#include <cerrno>
#include <cmath>
#include <numbers>

#include "base/assert.hpp"

namespace tidegate {
namespace {

std::uint64_t splitmix64(std::uint64_t x) noexcept {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

std::uint32_t low_half(std::uint64_t x) noexcept {
  return static_cast<std::uint32_t>(x);
}
std::uint32_t high_half(std::uint64_t x) noexcept {
  return static_cast<std::uint32_t>(x >> 32);
}

constexpr char kHexDigits[] = "0123456789abcdef";

}  // namespace

std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key) noexcept {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t first = 0xD2511F53ULL * counter[0];
    const std::uint64_t second = 0xCD9E8D57ULL * counter[2];
    counter = {high_half(second) ^ counter[1] ^ key[0], low_half(second), high_half(first) ^ counter[3] ^ key[1],
               low_half(first)};
    key[0] += 0x9E3779B9U;
    key[1] += 0xBB67AE85U;
  }
  return counter;
}

std::uint64_t stable_hash(std::string_view text) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3ULL;
  }
  return splitmix64(hash);
}

std::uint64_t Draws::at(std::uint32_t k) const noexcept {
  // Philox has room for 192 bits of input; seed, stream, index and draw have 224. The counter holds index, draw and
  // half of the stream as they are, the key holds the seed mixed with the whole stream.
  const std::uint64_t key = splitmix64(seed_ ^ splitmix64(stream_));
  const auto block =
      philox({low_half(index_), high_half(index_), k, low_half(stream_)}, {low_half(key), high_half(key)});
  return (static_cast<std::uint64_t>(block[1]) << 32) | block[0];
}

double Draws::uniform() noexcept {
  return static_cast<double>(next() >> 11) * 0x1.0p-53;
}

std::int64_t Draws::between(std::int64_t low, std::int64_t high) noexcept {
  TIDEGATE_ASSERT(low <= high);
  const std::uint64_t width = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low) + 1;  // 0: all of them
  std::uint64_t drawn = next();
  if (width != 0) {
    const std::uint64_t surplus = (0 - width) % width;  // 2^64 mod width: as many of the smallest draws are redrawn
    while (drawn < surplus) drawn = next();
    drawn %= width;
  }
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + drawn);
}

double Draws::exponential() noexcept {
  return -std::log1p(-uniform());
}

double Draws::normal() noexcept {
  // Box-Muller; 1 - u lies in (0, 1], so the logarithm is finite.
  const double radius = std::sqrt(-2.0 * std::log1p(-uniform()));
  return radius * std::cos(2.0 * std::numbers::pi * uniform());
}

std::string Draws::uuid() {
  std::string out;
  append_uuid(out);
  return out;
}

void Draws::append_uuid(std::string& out) {
  std::uint64_t high = next(), low = next();
  high = (high & ~0xF000ULL) | 0x4000ULL;                // version 4
  low = (low & ~(0xC000ULL << 48)) | (0x8000ULL << 48);  // variant 10
  std::array<char, 36> text;
  std::size_t place = 0;
  for (int byte = 0; byte < 16; ++byte) {
    if (byte == 4 || byte == 6 || byte == 8 || byte == 10) text[place++] = '-';
    const std::uint64_t value = (byte < 8 ? high : low) >> (56 - 8 * (byte % 8));
    text[place++] = kHexDigits[(value >> 4) & 0xF];
    text[place++] = kHexDigits[value & 0xF];
  }
  out.append(text.data(), text.size());
}

std::string random_hex(std::size_t bytes) {
  std::string out;
  out.reserve(bytes * 2);
  while (out.size() < bytes * 2) {
    unsigned char byte = 0;
    if (::getrandom(&byte, 1, 0) != 1) {
      TIDEGATE_ASSERT(errno == EINTR);
      continue;
    }
    out += kHexDigits[byte >> 4];
    out += kHexDigits[byte & 0xF];
  }
  return out;
}

}  // namespace tidegate
