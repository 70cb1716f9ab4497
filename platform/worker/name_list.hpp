#pragma once
// Names without commas in one text, as a column of a table holds them. Pure; any thread.
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::platform {

std::string joined(const std::vector<std::string>& names);
/// The names of a joined text, in order; none of an empty one.
std::vector<std::string> apart(std::string_view text);

}  // namespace tidegate::platform
