#include "gates/window.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/assert.hpp"
#include "base/time.hpp"
#include "base/units.hpp"
#include "gates/quantity.hpp"

namespace tidegate::gates {
namespace {

using Kind = WindowReference::Kind;

struct Prefix {
  Kind kind;
  std::string_view spelling;
  std::string_view phrase;
};

constexpr std::array<Prefix, 4> kPrefixes = {{
    {Kind::before, "before", "before "},
    {Kind::during, "during", "during "},
    {Kind::recovering, "recovering", "recovering from "},
    {Kind::after, "after", "after "},
}};

const Prefix* prefix_of(Kind kind) {
  for (const Prefix& prefix : kPrefixes) {
    if (prefix.kind == kind) return &prefix;
  }
  return nullptr;
}

std::int32_t floor_second(double seconds) {
  return static_cast<std::int32_t>(std::floor(seconds));
}
std::int32_t ceil_second(double seconds) {
  return static_cast<std::int32_t>(std::ceil(seconds));
}

std::int32_t last_end(const std::vector<record::Window>& phases) {
  std::int32_t end = 0;
  for (const record::Window& phase : phases) end = std::max(end, phase.end);
  return end;
}

}  // namespace

std::string WindowReference::text() const {
  const Prefix* prefix = prefix_of(kind);
  return prefix ? std::string(prefix->spelling) + ":" + name : name;
}

std::string WindowReference::phrase() const {
  if (kind == Kind::all) return {};
  const Prefix* prefix = prefix_of(kind);
  return std::string(prefix ? prefix->phrase : "during ") + name;
}

std::optional<WindowReference> window_reference(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return WindowReference{Kind::phase, std::string(text)};
  for (const Prefix& prefix : kPrefixes) {
    if (text.substr(0, colon) == prefix.spelling) {
      return WindowReference{prefix.kind, std::string(text.substr(colon + 1))};
    }
  }
  return std::nullopt;
}

namespace {

// One end of a window of one's own, in seconds on the run clock.
Result<double> window_end(std::string_view raw, const std::vector<record::Window>& phases, bool is_start) {
  const std::string_view text = trimmed(raw);
  if (const auto time = parse_duration(text)) return to_seconds(*time);
  const std::size_t plus = text.find('+');
  const std::string_view name = trimmed(text.substr(0, plus));
  const auto phase = std::find_if(phases.begin(), phases.end(), [&](const auto& one) { return one.name == name; });
  if (phase == phases.end()) {
    std::vector<std::string> names;
    for (const record::Window& one : phases) names.push_back(one.name);
    const std::string near = nearest_spelling(name, names);
    return usage_error(fmt::format("'{}' is neither a time nor a phase{}", text,
                                   near.empty() ? std::string() : "; did you mean " + near + "?"));
  }
  if (plus == std::string_view::npos) return static_cast<double>(is_start ? phase->start : phase->end);
  const std::string_view offset = trimmed(text.substr(plus + 1));
  if (const auto share = parse_share(offset)) return phase->start + *share * (phase->end - phase->start);
  if (const auto time = parse_duration(offset)) return phase->start + to_seconds(*time);
  return usage_error(fmt::format("'{}' is not an offset such as 10s or 20%", offset));
}

}  // namespace

Result<WindowReference> custom_window(std::string_view text, const std::vector<record::Window>& phases) {
  const std::size_t dots = text.find("..");
  if (dots == std::string_view::npos) return usage_error("a window of your own is written FROM..TO");
  const auto from = window_end(text.substr(0, dots), phases, true);
  if (!from) return from.error();
  const auto to = window_end(text.substr(dots + 2), phases, false);
  if (!to) return to.error();
  WindowReference window{Kind::span, std::string(trimmed(text))};
  window.from = ceil_second(*from);
  window.to = floor_second(*to);
  if (window.from >= window.to) {
    return usage_error(
        fmt::format("window '{}' holds no whole second ({:.4g} s to {:.4g} s)", window.name, *from, *to));
  }
  return window;
}

SecondSet judged_seconds(const std::vector<record::Window>& phases) {
  SecondSet judged;
  for (const record::Window& phase : phases) {
    if (phase.judged) judged.add(phase.start, phase.end);
  }
  return judged;
}

Windows::Windows(const std::vector<record::Window>& phases, std::vector<record::FaultSpan> spans,
                 std::vector<Steady> steady)
    : phases_(phases),
      judged_(judged_seconds(phases)),
      end_(last_end(phases)),
      spans_(std::move(spans)),
      steady_(std::move(steady)) {
  TIDEGATE_ASSERT(spans_.size() == steady_.size());
}

SecondSet Windows::fault_seconds(const WindowReference& window, std::size_t index) const {
  const record::FaultSpan& span = spans_[index];
  const Steady& steady = steady_[index];
  const double injected = to_seconds(span.injected);
  const double healed = span.was_healed ? to_seconds(span.healed) : end_;
  switch (window.kind) {
    case Kind::before:
      return SecondSet(judged_.first(), floor_second(injected));
    case Kind::during:
      // A fault that heals in the moment of its injection (a kill) still touches that second.
      return SecondSet(floor_second(injected), std::max(ceil_second(healed), floor_second(injected) + 1));
    case Kind::recovering:
      if (!span.was_healed) return {};
      return SecondSet(ceil_second(healed), floor_second(steady.at.value_or(steady.given_up_at)));
    case Kind::after:
      if (!span.was_healed || !steady.at) return {};
      return SecondSet(ceil_second(*steady.at), end_);
    case Kind::all:
    case Kind::phase:
    case Kind::span:
      break;
  }
  return {};
}

Windows::Resolved Windows::resolve(const WindowReference& window) const {
  if (window.kind == Kind::all) return {judged_, judged_.empty() ? "no phase is judged" : ""};
  if (window.kind == Kind::phase) {
    for (const record::Window& phase : phases_) {
      if (phase.name == window.name) {
        const SecondSet seconds = judged_.intersected(SecondSet(phase.start, phase.end));
        return {seconds, seconds.empty() ? "the phase is empty or not judged" : ""};
      }
    }
    return {{}, "the run has no such phase"};
  }
  if (window.kind == Kind::span) {
    const SecondSet seconds = judged_.intersected(SecondSet(window.from, window.to));
    return {seconds, seconds.empty() ? "no judged second lies in " + window.name : ""};
  }
  // Several injections of one fault: `before` ends with the first, `after` begins with the last, and neither holds
  // seconds during any of them.
  SecondSet seconds, during;
  bool injected = false;
  for (std::size_t i = 0; i < spans_.size(); ++i) {
    if (spans_[i].fault != window.name) continue;
    during.add(fault_seconds({Kind::during, window.name}, i));
    const SecondSet part = fault_seconds(window, i);
    if (window.kind == Kind::after) {
      seconds = part;
    } else if (window.kind != Kind::before || !injected) {
      seconds.add(part);
    }
    injected = true;
  }
  if (window.kind != Kind::during) seconds = seconds.without(during);
  seconds = seconds.intersected(judged_);
  if (!seconds.empty()) return {seconds, ""};
  if (!injected) return {seconds, window.name + " was never injected"};
  return {seconds, "no judged second lies " + window.phrase()};
}

}  // namespace tidegate::gates
