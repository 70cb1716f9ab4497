#include "base/json.hpp"

#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <cmath>
#include <limits>

namespace tidegate {
namespace {

constexpr std::size_t kDeepest = 32;

bool is_number_character(char c) {
  return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

template <typename Number>
bool reads_as(std::string_view text, Number& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

/// The number as JSON has it; nothing when it fits neither 64 bits nor a double.
std::optional<json::value> number_from(std::string_view text) {
  if (text.find_first_of(".eE") == std::string_view::npos) {
    if (std::int64_t value = 0; reads_as(text, value)) return json::value(value);
    if (std::uint64_t value = 0; reads_as(text, value)) return json::value(value);
    return std::nullopt;
  }
  if (double value = 0; reads_as(text, value) && std::isfinite(value)) return json::value(value);
  return std::nullopt;
}

/// Where the string ends that begins at `begin`, both with their quotes; of a valid JSON text.
std::size_t end_of_string(std::string_view text, std::size_t begin) {
  std::size_t end = text.find('"', begin + 1);
  for (; end != std::string_view::npos; end = text.find('"', end + 1)) {
    std::size_t backslashes = 0;
    while (text[end - 1 - backslashes] == '\\') ++backslashes;
    if (backslashes % 2 == 0) return end;
  }
  return text.size();
}

/// The first number of a valid JSON text that Boost.JSON would have rounded or made infinite; empty when there is none.
std::string_view unrepresentable_number(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') {
      i = end_of_string(text, i);
    } else if (c == '-' || (c >= '0' && c <= '9')) {
      std::size_t end = i;
      while (end < text.size() && is_number_character(text[end])) ++end;
      const std::string_view number = text.substr(i, end - i);
      // Eighteen digits always fit.
      const bool surely_fits = number.size() <= 18 && number.find_first_of("eE") == std::string_view::npos;
      if (!surely_fits && !number_from(number)) return number;
      i = end - 1;
    }
  }
  return {};
}

/// A scalar that JSON itself would read as a number: `-0`, `1.5e3`; not `007`, `.5`, `0x10`, `1_000`.
bool looks_like_json_number(std::string_view text) {
  const auto digits = [&] {
    std::size_t count = 0;
    while (count < text.size() && text[count] >= '0' && text[count] <= '9') ++count;
    text.remove_prefix(count);
    return count;
  };
  if (text.starts_with('-')) text.remove_prefix(1);
  if (text.size() > 1 && text[0] == '0' && text[1] >= '0' && text[1] <= '9') return false;
  if (digits() == 0) return false;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    if (digits() == 0) return false;
  }
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
    if (digits() == 0) return false;
  }
  return text.empty();
}

json::value scalar_to_json(const yaml::Node& node) {
  const std::string& text = node.text();
  if (!node.quoted()) {
    if (text == "true") return true;
    if (text == "false") return false;
    if (text == "null" || text == "~") return nullptr;
    if (looks_like_json_number(text)) {
      // What no JSON number can hold exactly stays the text that it is.
      if (auto number = number_from(text)) return *number;
    }
  }
  return json::value(text);
}

std::string shortest(double number) {
  if (!std::isfinite(number)) return "null";
  std::string out = fmt::format("{}", number);
  // A whole double keeps its point, so that it is read back as a double.
  if (out.find_first_of(".eE") == std::string::npos) out += ".0";
  return out;
}

void append_pretty(std::string& out, const json::value& value, std::size_t indent) {
  const std::string inner(indent + 2, ' ');
  if (const auto* object = value.if_object(); object && !object->empty()) {
    const char* before = "{\n";
    for (const auto& member : *object) {
      out += before + inner + json::serialize(json::string_view(member.key())) + ": ";
      append_pretty(out, member.value(), indent + 2);
      before = ",\n";
    }
    out += "\n" + std::string(indent, ' ') + "}";
  } else if (const auto* array = value.if_array(); array && !array->empty()) {
    const char* before = "[\n";
    for (const auto& element : *array) {
      out += before + inner;
      append_pretty(out, element, indent + 2);
      before = ",\n";
    }
    out += "\n" + std::string(indent, ' ') + "]";
  } else if (value.is_double()) {
    out += shortest(value.get_double());
  } else {
    out += json::serialize(value);
  }
}

const json::value* member(const json::object& object, std::string_view key) {
  return object.if_contains(json::string_view(key.data(), key.size()));
}

}  // namespace

Result<json::value> parse_json(std::string_view text) {
  json::parse_options options;
  options.max_depth = kDeepest;
  json::error_code error;
  json::value value = json::parse(json::string_view(text.data(), text.size()), error, {}, options);
  if (error) return protocol_error("not valid JSON: " + error.message());
  if (const auto number = unrepresentable_number(text); !number.empty()) {
    return protocol_error("not a JSON number of 64 bits: " + std::string(number.substr(0, 40)));
  }
  return value;
}

std::string pretty_json(const json::value& value) {
  std::string out;
  append_pretty(out, value, 0);
  out += '\n';
  return out;
}

json::value to_json(const yaml::Node& node) {
  switch (node.kind()) {
    case yaml::Node::Kind::null:
      return nullptr;
    case yaml::Node::Kind::scalar:
      return scalar_to_json(node);
    case yaml::Node::Kind::list: {
      json::array out;
      out.reserve(node.items().size());
      for (const auto& item : node.items()) out.push_back(to_json(item));
      return out;
    }
    case yaml::Node::Kind::map: {
      json::object out;
      for (const auto& [key, value] : node.entries()) out[key.text()] = to_json(value);
      return out;
    }
  }
  return nullptr;
}

std::optional<std::string> string_member(const json::object& object, std::string_view key) {
  const auto* found = member(object, key);
  if (!found || !found->is_string()) return std::nullopt;
  const auto& text = found->get_string();
  return std::string(text.data(), text.size());
}

std::optional<std::int64_t> integer_member(const json::object& object, std::string_view key) {
  const auto* found = member(object, key);
  if (!found) return std::nullopt;
  if (found->is_int64()) return found->get_int64();
  constexpr auto kHighest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (found->is_uint64() && found->get_uint64() <= kHighest) return static_cast<std::int64_t>(found->get_uint64());
  return std::nullopt;
}

std::optional<double> number_member(const json::object& object, std::string_view key) {
  const auto* found = member(object, key);
  if (!found) return std::nullopt;
  if (found->is_double()) return found->get_double();
  if (found->is_int64()) return static_cast<double>(found->get_int64());
  if (found->is_uint64()) return static_cast<double>(found->get_uint64());
  return std::nullopt;
}

std::optional<bool> boolean_member(const json::object& object, std::string_view key) {
  const auto* found = member(object, key);
  if (!found || !found->is_bool()) return std::nullopt;
  return found->get_bool();
}

}  // namespace tidegate
