#include "platform/bank/behaviour.hpp"

#include <algorithm>

#include "base/random.hpp"

namespace tidegate::platform {
namespace {

constexpr std::uint64_t kCallStream = 1;
constexpr std::int64_t kLongestDelay = 60'000;

/// Uniform in [0, 1), from text.
double share_of(std::string_view salt, std::string_view text) noexcept {
  const std::uint64_t hash = Draws(stable_hash(salt), stable_hash(text), 0).at(0);
  return static_cast<double>(hash >> 11U) * 0x1.0p-53;
}

Error bad(std::string_view key, std::string_view range) {
  return usage_error("'" + std::string(key) + "' must be " + std::string(range));
}

Result<void> read_delay(const json::object& changes, std::string_view key, std::int64_t& target) {
  if (!changes.contains(key)) return {};
  const auto value = integer_member(changes, key);
  if (!value || *value < 0 || *value > kLongestDelay) return bad(key, "a whole number of milliseconds up to 60000");
  target = *value;
  return {};
}

Result<void> read_share(const json::object& changes, std::string_view key, double& target) {
  if (!changes.contains(key)) return {};
  const auto value = number_member(changes, key);
  if (!value || !(*value >= 0 && *value <= 1)) return bad(key, "a share from 0 to 1");
  target = *value;
  return {};
}

}  // namespace

json::object Behaviour::to_json() const {
  return {{"latency_ms", latency_ms},
          {"jitter_ms", jitter_ms},
          {"decline_share", decline_share},
          {"error_share", error_share}};
}

Result<Behaviour> Behaviour::changed(const json::object& changes) const {
  const json::object known = to_json();
  for (const auto& [key, value] : changes) {
    if (!known.contains(key)) return usage_error("there is no knob '" + std::string(key) + "'");
  }
  Behaviour next = *this;
  if (auto read = read_delay(changes, "latency_ms", next.latency_ms); !read) return read.error();
  if (auto read = read_delay(changes, "jitter_ms", next.jitter_ms); !read) return read.error();
  if (auto read = read_share(changes, "decline_share", next.decline_share); !read) return read.error();
  if (auto read = read_share(changes, "error_share", next.error_share); !read) return read.error();
  return next;
}

bool declines(std::string_view reference, double decline_share) noexcept {
  return share_of("decline", reference) < decline_share;
}

std::string authorisation_code(std::string_view reference) {
  std::uint64_t bits = stable_hash(reference);
  std::string code(6, '0');
  for (char& c : code) {
    c = "0123456789ABCDEFGHJKLMNPQRSTVWXYZ"[bits % 32];
    bits /= 32;
  }
  return code;
}

Fate fate_of_call(const Behaviour& behaviour, std::uint64_t call) noexcept {
  Draws draws(kCallStream, 0, call);
  Fate fate;
  const double luck = draws.uniform();
  fate.fails_before = luck < behaviour.error_share / 2;
  fate.fails_after = !fate.fails_before && luck < behaviour.error_share;
  const std::int64_t offset = draws.between(-behaviour.jitter_ms, behaviour.jitter_ms);
  fate.delay = std::chrono::milliseconds(std::max<std::int64_t>(0, behaviour.latency_ms + offset));
  return fate;
}

}  // namespace tidegate::platform
