#include "gates/slices.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/units.hpp"
#include "gates/bounds.hpp"
#include "gates/decision.hpp"

namespace tidegate::gates {

using record::Outcome;

Slices take_census(const SecondSet& seconds, const std::function<Slice(std::int32_t)>& at) {
  Slices slices;
  for (const Span& span : seconds.spans()) {
    for (std::int32_t second = span.from; second < span.to; ++second) {
      ++slices.total;
      const Slice one = at(second);
      if (one.value) slices.values.push_back(*one.value);
      if (one.state == SecondState::fails) ++slices.bad;
      if (one.state == SecondState::unknown) ++slices.unknown;
    }
  }
  std::sort(slices.values.begin(), slices.values.end());
  return slices;
}

bool Slices::over_maximum(const SliceTerms& terms) const {
  return terms.maximum && !values.empty() && values.back() > *terms.maximum;
}

Outcome Slices::outcome(const SliceTerms& terms) const {
  const double allowed = 1 - terms.objective;
  if (total == 0 || unknown == total) return Outcome::inconclusive;
  if (over_maximum(terms) || !within_share(bad, total, allowed)) return Outcome::fail;
  if (!within_share(bad + unknown, total, allowed)) return Outcome::inconclusive;
  return terms.maximum && unknown > 0 ? Outcome::inconclusive : Outcome::pass;
}

std::string Slices::text(const SliceTerms& terms) const {
  std::string out = fmt::format("{} of {} (objective {}", format_count(total - bad - unknown), counted(total, "second"),
                                format_quantity(terms.objective, Dimension::share));
  if (unknown > 0) out += fmt::format("; {} unknown", counted(unknown, "second"));
  out += ")";
  if (!values.empty()) out += fmt::format(", highest {}", format_quantity(values.back(), terms.limit.dimension));
  if (over_maximum(terms)) {
    out += fmt::format(", over the maximum of {}", format_quantity(*terms.maximum, terms.limit.dimension));
  }
  if (outcome(terms) == Outcome::inconclusive) out += ": too many seconds are unknown to decide";
  return out;
}

record::GateResult Slices::result(const SliceTerms& terms) const {
  record::GateResult result;
  result.comparison = to_string(terms.limit.comparison);
  result.limit = terms.limit.value;
  result.unit = unit_name(terms.limit.dimension);
  result.samples = total - unknown;
  result.confidence = 0;
  if (!values.empty()) result.value = values[quantile_rank(values.size(), terms.objective) - 1];
  result.outcome = outcome(terms);
  return result;
}

}  // namespace tidegate::gates
