#include "record/series.hpp"

#include <algorithm>

namespace tidegate::record {

std::string SeriesKey::text() const {
  if (tags.empty()) return metric;
  std::string out = metric + "{";
  for (const auto& [name, value] : tags) {
    if (out.back() != '{') out += ',';
    out += name + "=" + value;
  }
  return out + "}";
}

const std::string* SeriesKey::tag(std::string_view key) const {
  const auto found = std::find_if(tags.begin(), tags.end(), [key](const auto& tag) { return tag.first == key; });
  return found == tags.end() ? nullptr : &found->second;
}

Histogram Series::merged(std::int32_t from, std::int32_t to) const {
  return histograms.merged(from, to);
}

double Series::sum(std::int32_t from, std::int32_t to) const {
  double total = 0;
  for (auto at = values.lower_bound(from); at != values.end() && at->first < to; ++at) total += at->second;
  return total;
}

std::vector<const Series*> SeriesSet::find(std::string_view metric) const {
  std::vector<const Series*> found;
  for (const Series& one : series) {
    if (one.key.metric == metric) found.push_back(&one);
  }
  return found;
}

std::pair<std::int32_t, std::int32_t> SeriesSet::range() const {
  bool any = false;
  std::int32_t first = 0, last = 0;
  const auto widen = [&](std::int32_t low, std::int32_t high) {
    first = any ? std::min(first, low) : low;
    last = any ? std::max(last, high) : high;
    any = true;
  };
  for (const Series& one : series) {
    if (!one.values.empty()) widen(one.values.begin()->first, one.values.rbegin()->first);
    if (!one.histograms.empty()) widen(one.histograms.first_second(), one.histograms.end_second() - 1);
  }
  if (!any) return {0, 0};
  return {first, last + 1};
}

}  // namespace tidegate::record
