#pragma once
// What can be said about YAML text before and after yaml-cpp looks at it; base/yaml.hpp is what others include.

#include <optional>
#include <string>
#include <string_view>

#include "base/diagnostics.hpp"

namespace tidegate::yaml::detail {

struct BadCharacter {
  int line = 0;
  int column = 0;
  std::string what;
};

/// The first byte that is no UTF-8, or a control character, which yaml-cpp would take for the end of the text or
/// silently replace.
std::optional<BadCharacter> first_bad_character(std::string_view text);

/// `${b}` when the mark, where yaml-cpp gave up, is the brace of one; empty otherwise. Inside {...} and [...] YAML
/// takes that brace for the start of a map.
std::string unquoted_variable_at(std::string_view text, const Mark& mark);

/// Whether there is a tab before the first other character of the line (counted from 1).
bool is_indented_with_tab(std::string_view text, int line);

}  // namespace tidegate::yaml::detail
