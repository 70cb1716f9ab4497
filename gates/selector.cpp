#include "gates/selector.hpp"

#include <algorithm>

namespace tidegate::gates {

bool Selector::matches(const record::SeriesKey& key) const {
  return std::all_of(tags.begin(), tags.end(), [&](const auto& wanted_tag) {
    const std::string* value = key.tag(wanted_tag.first);
    return value != nullptr && *value == wanted_tag.second;
  });
}

const std::string* Selector::wanted(std::string_view tag) const {
  for (const auto& [key, value] : tags) {
    if (key == tag) return &value;
  }
  return nullptr;
}

bool Selector::admits(std::string_view tag, std::string_view value) const {
  const std::string* asked = wanted(tag);
  return asked == nullptr || *asked == value;
}

}  // namespace tidegate::gates
