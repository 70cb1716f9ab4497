#include "platform/bank/behaviour.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/random.hpp"

namespace tidegate::platform {
namespace {

constexpr std::uint64_t kCallStream = 1;
constexpr Nanoseconds kSilence = std::chrono::seconds(30);

struct NumberKnob {
  std::string_view name;
  std::int64_t Behaviour::*member;
  std::int64_t high;
};
constexpr std::array kNumbers{
    NumberKnob{"latency_ms", &Behaviour::latency_ms, 60'000},
    NumberKnob{"jitter_ms", &Behaviour::jitter_ms, 60'000},
    NumberKnob{"tail_ms", &Behaviour::tail_ms, 60'000},
    NumberKnob{"brown_out_at", &Behaviour::brown_out_at, 100'000},
    NumberKnob{"brown_out_ms", &Behaviour::brown_out_ms, 60'000},
    NumberKnob{"callback_ms", &Behaviour::callback_ms, 600'000},
    NumberKnob{"callback_copies", &Behaviour::callback_copies, 1'000},
    NumberKnob{"statement_late_ms", &Behaviour::statement_late_ms, 86'400'000},
};

struct ShareKnob {
  std::string_view name;
  double Behaviour::*member;
};
constexpr std::array kShares{
    ShareKnob{"tail_share", &Behaviour::tail_share},
    ShareKnob{"decline_share", &Behaviour::decline_share},
    ShareKnob{"elsewhere_share", &Behaviour::elsewhere_share},
    ShareKnob{"error_share", &Behaviour::error_share},
    ShareKnob{"silent_share", &Behaviour::silent_share},
    ShareKnob{"callback_share", &Behaviour::callback_share},
    ShareKnob{"statement_missing_share", &Behaviour::statement_missing_share},
    ShareKnob{"statement_mismatch_share", &Behaviour::statement_mismatch_share},
    ShareKnob{"statement_duplicate_share", &Behaviour::statement_duplicate_share},
};

Result<void> read_number(const json::object& changes, const NumberKnob& knob, Behaviour& next) {
  const auto value = integer_member(changes, knob.name);
  if (!value || *value < 0 || *value > knob.high) {
    return usage_error("'" + std::string(knob.name) + "' must be a whole number up to " + std::to_string(knob.high));
  }
  next.*(knob.member) = *value;
  return {};
}

Result<void> read_share(const json::object& changes, const ShareKnob& knob, Behaviour& next) {
  const auto value = number_member(changes, knob.name);
  if (!value || !(*value >= 0 && *value <= 1)) {
    return usage_error("'" + std::string(knob.name) + "' must be a share from 0 to 1");
  }
  next.*(knob.member) = *value;
  return {};
}

bool numbered(std::string_view name, std::string_view prefix, int last) {
  if (name.size() != prefix.size() + 2 || name.substr(0, prefix.size()) != prefix) return false;
  int number = 0;
  const auto [end, failed] = std::from_chars(name.data() + prefix.size(), name.data() + name.size(), number);
  return failed == std::errc() && end == name.data() + name.size() && number >= 1 && number <= last;
}

}  // namespace

json::object Behaviour::to_json() const {
  json::object object;
  for (const NumberKnob& knob : kNumbers) object[knob.name] = this->*(knob.member);
  for (const ShareKnob& knob : kShares) object[knob.name] = this->*(knob.member);
  return object;
}

Result<Behaviour> Behaviour::changed(const json::object& changes) const {
  Behaviour next = *this;
  for (const auto& [key, value] : changes) {
    const auto number = std::ranges::find(kNumbers, std::string_view(key), &NumberKnob::name);
    const auto share = std::ranges::find(kShares, std::string_view(key), &ShareKnob::name);
    if (number == kNumbers.end() && share == kShares.end()) {
      return usage_error("there is no knob '" + std::string(key) + "'");
    }
    auto read = number != kNumbers.end() ? read_number(changes, *number, next) : read_share(changes, *share, next);
    if (!read) return read.error();
  }
  return next;
}

const Behaviour& Behaviours::of(const std::string& provider) const {
  const auto found = own_.find(provider);
  return found == own_.end() ? general_ : found->second;
}

Result<void> Behaviours::change_general(const json::object& changes) {
  auto next = general_.changed(changes);
  if (!next) return next.error();
  general_ = *next;
  for (auto& [provider, behaviour] : own_) behaviour = *general_.changed(differences_[provider]);
  return {};
}

Result<void> Behaviours::change(const std::string& provider, const json::object& changes) {
  if (!is_provider(provider)) return usage_error("there is no provider '" + provider.substr(0, 40) + "'");
  json::object differences = differences_[provider];
  for (const auto& [key, value] : changes) differences[key] = value;
  auto next = general_.changed(differences);
  if (!next) return next.error();
  differences_[provider] = std::move(differences);
  own_[provider] = *next;
  return {};
}

bool is_provider(std::string_view name) noexcept {
  return numbered(name, "acq-", 34) || numbered(name, "network-", 12) || name == "fx" || name == "identity" ||
         name == "fraud-model";
}

bool falls_under(std::string_view what, std::string_view name, double share) noexcept {
  const std::uint64_t hash = Draws(stable_hash(what), stable_hash(name), 0).at(0);
  return static_cast<double>(hash >> 11U) * 0x1.0p-53 < share;
}

bool declines(std::string_view reference, double decline_share) noexcept {
  return falls_under("decline", reference, decline_share);
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

Fate fate_of_call(const Behaviour& behaviour, std::uint64_t call, std::int64_t in_progress) noexcept {
  Draws draws(kCallStream, 0, call);
  Fate fate;
  const double luck = draws.uniform();
  fate.fails_before = luck < behaviour.error_share / 2;
  fate.fails_after = !fate.fails_before && luck < behaviour.error_share;
  const std::int64_t offset = draws.between(-behaviour.jitter_ms, behaviour.jitter_ms);
  std::int64_t delay_ms = std::max<std::int64_t>(0, behaviour.latency_ms + offset);
  if (draws.uniform() < behaviour.tail_share) delay_ms += behaviour.tail_ms;
  if (behaviour.brown_out_at > 0 && in_progress >= behaviour.brown_out_at) delay_ms += behaviour.brown_out_ms;
  fate.delay = std::chrono::milliseconds(delay_ms);
  fate.silent = draws.uniform() < behaviour.silent_share;
  if (fate.silent) fate.delay = kSilence;
  return fate;
}

}  // namespace tidegate::platform
