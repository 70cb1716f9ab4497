#pragma once
// Reading templates, in which text in quotes, double or single, is not syntax.

#include <cstddef>
#include <string_view>

namespace tidegate::loadgen {

/// Where the first character outside of quotes is at which `ends` says true; it is asked about each of them in turn.
/// The text's size: nowhere.
template <typename Ends>
std::size_t first_outside_quotes(std::string_view text, Ends ends) {
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (ends(c)) {
      return i;
    }
  }
  return text.size();
}

}  // namespace tidegate::loadgen
