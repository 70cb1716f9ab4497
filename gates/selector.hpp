#pragma once
// Which series of a metric a gate looks at: `{name=create_payment, expected=any}`.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "record/series.hpp"

namespace tidegate::gates {

struct Selector {
  std::vector<std::pair<std::string, std::string>> tags;  ///< all must be equal
  /// `{expected=any}`: answers count by their time alone. Otherwise a failed one counts as over every limit.
  bool any_outcome = false;

  bool matches(const record::SeriesKey& key) const;
  /// The value asked for, or nullptr when the tag is free.
  const std::string* wanted(std::string_view tag) const;
  /// Whether a tag of this value fits.
  bool admits(std::string_view tag, std::string_view value) const;
};

}  // namespace tidegate::gates
