#include "chaos/plan_time.hpp"

#include <cmath>

#include "base/units.hpp"

namespace tidegate::chaos {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

}  // namespace

Result<Extent> parse_extent(std::string_view text) {
  text = trimmed(text);
  if (text.ends_with('%')) {
    auto share = parse_share(text);
    if (!share) return share.error();
    return Extent(Share{*share});
  }
  auto duration = parse_duration(text);
  if (!duration) return usage_error(duration.error().message + ", or a share of the phase such as 20%");
  return Extent(*duration);
}

Result<Anchor> parse_anchor(std::string_view text) {
  const auto plus = text.find('+');
  Anchor anchor{std::string(trimmed(text.substr(0, plus))), Nanoseconds{0}};
  if (anchor.name.empty()) return usage_error("there is no name in '" + std::string(text) + "'");
  if (plus == std::string_view::npos) return anchor;
  auto offset = parse_extent(text.substr(plus + 1));
  if (!offset) return offset.error();
  anchor.offset = *offset;
  return anchor;
}

bool is_time(std::string_view text) noexcept {
  text = trimmed(text);
  return !text.empty() && ((text.front() >= '0' && text.front() <= '9') || text.front() == '-');
}

Nanoseconds start_of(const record::Window& phase) {
  return std::chrono::seconds(phase.start);
}
Nanoseconds end_of(const record::Window& phase) {
  return std::chrono::seconds(phase.end);
}

Nanoseconds length_within(const Extent& extent, const record::Window& phase) {
  if (const auto* duration = std::get_if<Nanoseconds>(&extent)) return *duration;
  const auto length = static_cast<double>((end_of(phase) - start_of(phase)).count());
  return Nanoseconds{std::llround(length * std::get<Share>(extent).of_phase)};
}

}  // namespace tidegate::chaos
