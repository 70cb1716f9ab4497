#include "loadgen/json_path.hpp"

#include <charconv>

#include "base/utf8.hpp"
#include "loadgen/json_scan.hpp"

namespace tidegate::loadgen {
namespace {

bool ends_name(char c) {
  return c == '.' || c == '[' || c == ']' || c == ' ' || c == '\'' || c == '"';
}

std::uint32_t hex4(std::string_view digits) {
  std::uint32_t value = 0;
  std::from_chars(digits.data(), digits.data() + 4, value, 16);
  return value;
}

void append_utf8(std::string& out, std::uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | (code >> 6));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | (code >> 12));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (code >> 18));
    out += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

/// Takes `uXXXX` (and the low half of a surrogate pair) off the front; a lone surrogate becomes U+FFFD.
void append_unicode_escape(std::string& out, std::string_view& rest) {
  constexpr std::uint32_t kReplacement = 0xFFFD;
  const std::uint32_t high = hex4(rest.substr(1, 4));
  rest.remove_prefix(5);
  if (high < 0xD800 || high > 0xDFFF) return append_utf8(out, high);
  if (high > 0xDBFF || rest.size() < 6 || !rest.starts_with("\\u")) return append_utf8(out, kReplacement);
  const std::uint32_t low = hex4(rest.substr(2, 4));
  if (low < 0xDC00 || low > 0xDFFF) return append_utf8(out, kReplacement);
  rest.remove_prefix(6);
  append_utf8(out, 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00));
}

void append_unescaped(std::string& out, std::string_view rest) {
  constexpr std::string_view kNames = "\"\\/bfnrt", kValues = "\"\\/\b\f\n\r\t";
  while (!rest.empty()) {
    const std::size_t plain = std::min(rest.find('\\'), rest.size());
    out.append(rest.substr(0, plain));
    rest.remove_prefix(plain);
    if (rest.empty()) return;
    rest.remove_prefix(1);
    if (rest.front() == 'u') {
      append_unicode_escape(out, rest);
    } else {
      out += kValues[kNames.find(rest.front())];
      rest.remove_prefix(1);
    }
  }
}

Error refused(std::string_view text, const std::string& why) {
  return usage_error("'" + std::string(text) + "' is not a JSON path: " + why +
                     "; write $, .name, ['any name'] and [0], as in $.items[0].id");
}

}  // namespace

void JsonSlice::append_text(std::string& out) const {
  if (escaped) {
    append_unescaped(out, raw);
  } else {
    out.append(raw);
  }
}

Result<JsonPath> JsonPath::parse(std::string_view text) {
  if (!text.starts_with('$')) return refused(text, "it must start with $");
  JsonPath path;
  path.text_ = std::string(text);
  std::string_view rest = text.substr(1);
  while (!rest.empty()) {
    Segment segment;
    if (rest.front() == '.') {
      std::size_t length = 1;
      while (length < rest.size() && !ends_name(rest[length])) ++length;
      segment.key = std::string(rest.substr(1, length - 1));
      if (segment.key.empty() || segment.key == "*") return refused(text, "a name must follow the dot");
      rest.remove_prefix(length);
    } else if (rest.starts_with("['")) {
      const std::size_t close = rest.find("']");
      if (close == std::string_view::npos) return refused(text, "[' is not closed by ']");
      segment.key = std::string(rest.substr(2, close - 2));
      rest.remove_prefix(close + 2);
    } else if (rest.front() == '[') {
      const auto [after, error] = std::from_chars(rest.data() + 1, rest.data() + rest.size(), segment.index);
      if (error != std::errc() || after == rest.data() + rest.size() || *after != ']') {
        return refused(text, "a number and ] must follow [");
      }
      segment.is_key = false;
      rest.remove_prefix(static_cast<std::size_t>(after + 1 - rest.data()));
    } else {
      return refused(text, "'" + std::string(rest) + "' cannot stand there");
    }
    path.segments_.push_back(std::move(segment));
  }
  return path;
}

JsonPath JsonPath::of_member(std::string_view name) {
  JsonPath path;
  path.text_ = "$['" + std::string(name) + "']";
  Segment segment;
  segment.key = std::string(name);
  path.segments_.push_back(std::move(segment));
  return path;
}

std::optional<JsonSlice> JsonPath::find(std::string_view json) const {
  JsonScanner scanner(json);
  int depth = 0;
  for (const Segment& segment : segments_) {
    const bool entered =
        segment.is_key ? scanner.enter_member(segment.key, depth) : scanner.enter_element(segment.index, depth);
    if (!entered) return std::nullopt;
    ++depth;
  }
  return scanner.value(depth);
}

void append_json_escaped(std::string& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  while (!text.empty()) {
    std::size_t plain = 0;
    while (plain < text.size() && text[plain] >= 0x20 && text[plain] != '"' && text[plain] != '\\') ++plain;
    out.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) return;
    const char c = text.front();
    if (static_cast<unsigned char>(c) >= 0x80) {
      const std::size_t length = utf8_length(text);
      out.append(length == 0 ? std::string_view("\xEF\xBF\xBD") : text.substr(0, length));
      text.remove_prefix(std::max<std::size_t>(length, 1));
      continue;
    }
    if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else {
      out += {'\\', 'u', '0', '0', kHex[(c >> 4) & 0xF], kHex[c & 0xF]};
    }
    text.remove_prefix(1);
  }
}

}  // namespace tidegate::loadgen
