// Block style throughout; a scalar is written plain where that reads back the same, and in double quotes otherwise.

#include <fmt/format.h>

#include "base/yaml.hpp"

namespace tidegate::yaml {
namespace {

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// Whether YAML reads the text, written bare in block context, as a scalar of exactly this text.
bool is_plain(std::string_view text) {
  constexpr std::string_view kOtherStarts = "_./$(+^;";
  if (text.empty() || text.starts_with("...") || text == "null" || text == "Null" || text == "NULL") return false;
  if (!is_letter_or_digit(text[0]) && kOtherStarts.find(text[0]) == std::string_view::npos) {
    const bool negative_number = text[0] == '-' && text.size() > 1 && is_letter_or_digit(text[1]);
    if (!negative_number) return false;
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x20 || c >= 0x7F) return false;
    if (c == ':' && (i + 1 == text.size() || text[i + 1] == ' ')) return false;
    if (c == '#' && text[i - 1] == ' ') return false;
  }
  return text.back() != ' ';
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || byte == 0x7F) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string scalar_text(const Node& node) {
  return !node.quoted() && is_plain(node.text()) ? node.text() : quoted(node.text());
}

void append(std::string& out, const Node& node, std::size_t indent);

/// After `key:` or `-`: what fits stays on the line, a collection goes below (`-` is followed by its first line).
void append_value(std::string& out, const Node& node, std::size_t indent, bool in_list) {
  const bool below = (node.is_list() && !node.items().empty()) || (node.is_map() && !node.entries().empty());
  if (!below) {
    out += ' ';
    append(out, node, indent);
  } else if (in_list) {
    std::string inner;
    append(inner, node, indent + 2);
    out += inner.substr(indent + 1);  // the dash and a space stand where the first line's indentation was
  } else {
    out += '\n';
    append(out, node, indent + 2);
  }
}

void append(std::string& out, const Node& node, std::size_t indent) {
  switch (node.kind()) {
    case Node::Kind::null:
      out += "null\n";
      return;
    case Node::Kind::scalar:
      out += scalar_text(node) + '\n';
      return;
    case Node::Kind::list:
      if (node.items().empty()) out += "[]\n";
      for (const auto& item : node.items()) {
        out.append(indent, ' ');
        out += '-';
        append_value(out, item, indent, true);
      }
      return;
    case Node::Kind::map:
      if (node.entries().empty()) out += "{}\n";
      for (const auto& [key, value] : node.entries()) {
        out.append(indent, ' ');
        out += scalar_text(key) + ':';
        append_value(out, value, indent, false);
      }
      return;
  }
}

}  // namespace

std::string emit(const Node& node) {
  std::string out;
  append(out, node, 0);
  return out;
}

}  // namespace tidegate::yaml
