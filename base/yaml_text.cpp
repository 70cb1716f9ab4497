#include "base/yaml_text.hpp"

#include <algorithm>

#include "base/utf8.hpp"

namespace tidegate::yaml::detail {
namespace {

std::string_view line_of(std::string_view text, int line) {
  for (int current = 1; current < line; ++current) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  return text.substr(0, text.find('\n'));
}

}  // namespace

std::optional<BadCharacter> first_bad_character(std::string_view text) {
  int line = 1, column = 1;
  while (!text.empty()) {
    const auto byte = static_cast<unsigned char>(text.front());
    const std::size_t length = utf8_length(text);
    if (length == 0) return BadCharacter{line, column, "not UTF-8"};
    const bool blank = byte == '\t' || byte == '\n' || byte == '\r';
    if ((byte < 0x20 && !blank) || byte == 0x7F) return BadCharacter{line, column, "a control character"};
    column = byte == '\n' ? 1 : column + 1;
    line += byte == '\n' ? 1 : 0;
    text.remove_prefix(length);
  }
  return std::nullopt;
}

std::string unquoted_variable_at(std::string_view text, const Mark& mark) {
  const std::string_view line = line_of(text, mark.line);
  if (mark.column < 2 || static_cast<std::size_t>(mark.column) > line.size()) return {};
  const auto brace = static_cast<std::size_t>(mark.column - 1);
  if (line[brace] != '{' || line[brace - 1] != '$') return {};
  const std::size_t end = std::min(line.find('}', brace), line.size() - 1);
  return std::string(line.substr(brace - 1, end - brace + 2));
}

bool is_indented_with_tab(std::string_view text, int line) {
  const std::string_view content = line_of(text, line);
  return content.substr(0, content.find_first_not_of(" \t")).find('\t') != std::string_view::npos;
}

}  // namespace tidegate::yaml::detail
