#include "gates/seconds.hpp"

#include <algorithm>
#include <limits>

namespace tidegate::gates {

void SecondSet::add(std::int32_t from, std::int32_t to) {
  if (from >= to) return;
  std::vector<Span> merged;
  for (const Span& span : spans_) {
    if (span.to < from || span.from > to) {
      merged.push_back(span);
    } else {
      from = std::min(from, span.from);
      to = std::max(to, span.to);
    }
  }
  merged.push_back({from, to});
  std::sort(merged.begin(), merged.end(), [](const Span& a, const Span& b) { return a.from < b.from; });
  spans_ = std::move(merged);
}

void SecondSet::add(const SecondSet& other) {
  for (const Span& span : other.spans_) add(span.from, span.to);
}

SecondSet SecondSet::intersected(const SecondSet& other) const {
  SecondSet result;
  for (const Span& mine : spans_) {
    for (const Span& theirs : other.spans_) result.add(std::max(mine.from, theirs.from), std::min(mine.to, theirs.to));
  }
  return result;
}

SecondSet SecondSet::without(const SecondSet& other) const {
  SecondSet rest;
  std::int32_t from = std::numeric_limits<std::int32_t>::min();
  for (const Span& span : other.spans_) {
    rest.add(from, span.from);
    from = span.to;
  }
  rest.add(from, std::numeric_limits<std::int32_t>::max());
  return intersected(rest);
}

SecondSet SecondSet::before(std::int32_t end) const {
  return intersected(SecondSet(std::numeric_limits<std::int32_t>::min(), end));
}

bool SecondSet::contains(std::int32_t second) const {
  return std::any_of(spans_.begin(), spans_.end(),
                     [&](const Span& span) { return span.from <= second && second < span.to; });
}

std::int64_t SecondSet::length() const {
  std::int64_t total = 0;
  for (const Span& span : spans_) total += std::int64_t{span.to} - span.from;
  return total;
}

}  // namespace tidegate::gates
