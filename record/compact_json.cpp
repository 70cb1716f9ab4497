#include "record/compact_json.hpp"

#include <cmath>

#include <fmt/format.h>

#include "base/utf8.hpp"

namespace tidegate::record {
namespace {

void append_number(std::string& out, double number) {
  if (!std::isfinite(number)) {
    out += "null";
  } else {
    fmt::format_to(std::back_inserter(out), "{}", number);
  }
}

}  // namespace

void append_json_text(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const char first = text.front();
    const std::size_t length = utf8_length(text);
    if (first == '"' || first == '\\') {
      out += '\\';
      out += first;
    } else if (static_cast<unsigned char>(first) < 0x20 || first == 0x7f) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(first));
    } else if (length == 0) {
      out += "\xef\xbf\xbd";
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  out += '"';
}

void append_json(std::string& out, const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      out += "null";
      break;
    case json::kind::bool_:
      out += value.get_bool() ? "true" : "false";
      break;
    case json::kind::int64:
      out += fmt::format_int(value.get_int64()).c_str();
      break;
    case json::kind::uint64:
      out += fmt::format_int(value.get_uint64()).c_str();
      break;
    case json::kind::double_:
      append_number(out, value.get_double());
      break;
    case json::kind::string:
      append_json_text(out, std::string_view(value.get_string()));
      break;
    case json::kind::array: {
      char separator = '[';
      for (const json::value& item : value.get_array()) {
        out += separator;
        append_json(out, item);
        separator = ',';
      }
      out += value.get_array().empty() ? "[]" : "]";
      break;
    }
    case json::kind::object: {
      char separator = '{';
      for (const auto& [key, member] : value.get_object()) {
        out += separator;
        append_json_text(out, std::string_view(key.data(), key.size()));
        out += ':';
        append_json(out, member);
        separator = ',';
      }
      out += value.get_object().empty() ? "{}" : "}";
      break;
    }
  }
}

std::string valid_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    out += length == 0 ? std::string_view("\xef\xbf\xbd") : text.substr(0, length);
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

void make_valid_utf8(json::value& value) {
  if (json::string* text = value.if_string()) {
    *text = valid_utf8(std::string_view(*text));
  } else if (json::array* items = value.if_array()) {
    for (json::value& item : *items) make_valid_utf8(item);
  } else if (json::object* object = value.if_object()) {
    json::object clean;
    for (auto& [key, member] : *object) {
      make_valid_utf8(member);
      clean[valid_utf8(std::string_view(key.data(), key.size()))] = std::move(member);
    }
    *object = std::move(clean);
  }
}

std::string compact_json(const json::value& value) {
  std::string out;
  append_json(out, value);
  return out;
}

}  // namespace tidegate::record
