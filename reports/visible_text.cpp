#include "reports/visible_text.hpp"

#include "base/utf8.hpp"

namespace tidegate::reports {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";

char32_t code_point(std::string_view character) {
  const auto byte = [character](std::size_t i) { return static_cast<unsigned char>(character[i]); };
  const auto low_bits = [&byte](std::size_t i) { return static_cast<char32_t>(byte(i) & 0x3fU); };
  switch (character.size()) {
    case 1:
      return byte(0);
    case 2:
      return static_cast<char32_t>(byte(0) & 0x1fU) << 6 | low_bits(1);
    case 3:
      return static_cast<char32_t>(byte(0) & 0x0fU) << 12 | low_bits(1) << 6 | low_bits(2);
    default:
      return static_cast<char32_t>(byte(0) & 0x07U) << 18 | low_bits(1) << 12 | low_bits(2) << 6 | low_bits(3);
  }
}

bool in(char32_t c, char32_t first, char32_t last) {
  return c >= first && c <= last;
}

/// C0, DEL, C1, and what reorders or hides the text around it: directional marks, zero width, byte order mark.
bool is_unsafe(char32_t c) {
  return c < 0x20 || in(c, 0x7f, 0x9f) || in(c, 0x200b, 0x200f) || in(c, 0x2028, 0x202e) || in(c, 0x2060, 0x206f) ||
         c == 0xfeff || c == 0x061c;
}

std::size_t width_of(char32_t c) {
  if (in(c, 0x0300, 0x036f) || in(c, 0x1ab0, 0x1aff) || in(c, 0x20d0, 0x20ff) || in(c, 0xfe00, 0xfe0f)) return 0;
  const bool wide = in(c, 0x1100, 0x115f) || in(c, 0x2e80, 0xa4cf) || in(c, 0xac00, 0xd7a3) || in(c, 0xf900, 0xfaff) ||
                    in(c, 0xfe30, 0xfe4f) || in(c, 0xff00, 0xff60) || in(c, 0x1f300, 0x1faff) ||
                    in(c, 0x20000, 0x3fffd);
  return wide ? 2 : 1;
}

/// The next character of a text, and 1 byte where there is no valid one.
std::string_view next_character(std::string_view text) {
  const std::size_t length = utf8_length(text);
  return text.substr(0, length == 0 ? 1 : length);
}

}  // namespace

std::string visible_text(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::string_view character = next_character(text);
    const bool invalid = utf8_length(text) == 0;
    text.remove_prefix(character.size());
    if (character == "\n" || character == "\t") {
      out += ' ';
    } else {
      out += invalid || is_unsafe(code_point(character)) ? kReplacement : character;
    }
  }
  return out;
}

std::size_t column_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const std::string_view character = next_character(text);
    width += width_of(code_point(character));
    text.remove_prefix(character.size());
  }
  return width;
}

namespace {

/// The longest start of the text that fits into `width` columns; at least one character.
std::string_view fitting(std::string_view text, std::size_t width) {
  std::size_t bytes = 0, columns = 0;
  while (bytes < text.size()) {
    const std::string_view character = next_character(text.substr(bytes));
    columns += width_of(code_point(character));
    if (columns > width && bytes > 0) break;
    bytes += character.size();
  }
  return text.substr(0, bytes);
}

}  // namespace

std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
  std::vector<std::string> lines;
  while (true) {
    std::string_view line = fitting(text, width);
    if (line.size() == text.size()) break;
    const bool ends_at_space = text[line.size()] == ' ';
    const std::size_t space = ends_at_space ? line.size() : line.rfind(' ');
    if (space != std::string_view::npos && space > 0) line = text.substr(0, space);
    lines.emplace_back(line);
    text.remove_prefix(line.size());
    while (text.starts_with(' ')) text.remove_prefix(1);
  }
  if (!text.empty() || lines.empty()) lines.emplace_back(text);
  return lines;
}

std::string shortened(std::string_view text, std::size_t width) {
  if (column_width(text) <= width) return std::string(text);
  return std::string(width <= 1 ? std::string_view() : fitting(text, width - 1)) + "…";
}

}  // namespace tidegate::reports
