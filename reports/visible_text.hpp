#pragma once
// Texts that others wrote, made safe for a terminal, and measured in its columns.

#include <string>
#include <string_view>
#include <vector>

namespace tidegate::reports {

/// Control characters, escape sequences' introducers, directional overrides and bytes that are no UTF-8 become U+FFFD;
/// newlines and tabs become spaces.
std::string visible_text(std::string_view text);
/// Columns of a terminal: wide characters (CJK, emoji) take two, combining ones none.
std::size_t column_width(std::string_view text);
/// Lines of at most `width` columns, broken at spaces where there are any. At least one line.
std::vector<std::string> wrapped(std::string_view text, std::size_t width);
/// Cut to `width` columns with an ellipsis.
std::string shortened(std::string_view text, std::size_t width);

}  // namespace tidegate::reports
