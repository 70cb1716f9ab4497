#pragma once
// `at:`, `after:` and `for:` as texts. Internal to the plan.

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "record/run.hpp"

namespace tidegate::chaos {

/// A duration, or a share of a phase.
struct Share {
  double of_phase = 0;
};
using Extent = std::variant<Nanoseconds, Share>;
Result<Extent> parse_extent(std::string_view text);

/// `NAME` or `NAME + EXTENT`.
struct Anchor {
  std::string name;
  Extent offset = Nanoseconds{0};
};
Result<Anchor> parse_anchor(std::string_view text);

/// Whether the text of `at:` is a time (`12s`) and not a phase: phases do not start with a digit.
bool is_time(std::string_view text) noexcept;

Nanoseconds start_of(const record::Window& phase);
Nanoseconds end_of(const record::Window& phase);
Nanoseconds length_within(const Extent& extent, const record::Window& phase);

}  // namespace tidegate::chaos
