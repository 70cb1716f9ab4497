#include "base/trace_id.hpp"

#include "base/random.hpp"

namespace tidegate {
namespace {

constexpr std::uint64_t kTrace = 1, kParent = 2;

void put_hex(std::string& out, std::uint64_t bits) {
  for (int shift = 60; shift >= 0; shift -= 4) out += "0123456789abcdef"[bits >> shift & 15U];
}

}  // namespace

std::string trace_id_for(std::string_view key) {
  const Draws draws(stable_hash(key), kTrace, 0);
  std::string id;
  put_hex(id, draws.at(0));
  put_hex(id, draws.at(1) | 1U);
  return id;
}

std::string traceparent_for(std::string_view key) {
  std::string text = "00-" + trace_id_for(key) + "-";
  put_hex(text, Draws(stable_hash(key), kParent, 0).at(0) | 1U);
  return text + "-01";
}

}  // namespace tidegate
