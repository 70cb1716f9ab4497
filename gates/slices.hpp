#pragma once
// A census of one-second slices: the share of them under a limit, and an optional hard maximum. A second without a
// sample could have been either, so it may withhold a PASS and cannot make a FAIL.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "gates/quantity.hpp"
#include "gates/reading.hpp"
#include "gates/seconds.hpp"
#include "record/verdict.hpp"

namespace tidegate::gates {

struct SliceTerms {
  Limit limit;
  double objective = 0.99;
  std::optional<double> maximum;
};

struct Slices {
  std::uint64_t bad = 0, unknown = 0, total = 0;
  std::vector<double> values;  ///< sorted

  bool over_maximum(const SliceTerms& terms) const;
  record::Outcome outcome(const SliceTerms& terms) const;
  /// "19 of 20 seconds (objective 99 %; 1 second unknown), highest 3 s"
  std::string text(const SliceTerms& terms) const;
  /// Limit, unit, samples, value at the objective and outcome.
  record::GateResult result(const SliceTerms& terms) const;
};

/// One slice: its value, if there is one, and whether it holds.
struct Slice {
  std::optional<double> value;
  SecondState state = SecondState::unknown;
};
Slices take_census(const SecondSet& seconds, const std::function<Slice(std::int32_t)>& at);

}  // namespace tidegate::gates
