#pragma once
// JSON is Boost.JSON (linked, not header-only), under a short name. Numbers beyond 64 bits and deep nesting are
// refused.

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/yaml.hpp"

namespace tidegate {
namespace json = boost::json;

/// Parses one JSON text, the whole of it; depth at most 32.
Result<json::value> parse_json(std::string_view text);
/// Indented by two spaces, keys in insertion order, for files that people read.
std::string pretty_json(const json::value& value);
/// A YAML tree as JSON: unquoted scalars become numbers, true, false or null where they read as such.
json::value to_json(const yaml::Node& node);

/// The member's value when present and of that type.
std::optional<std::string> string_member(const json::object& object, std::string_view key);
std::optional<std::int64_t> integer_member(const json::object& object, std::string_view key);
std::optional<double> number_member(const json::object& object, std::string_view key);
std::optional<bool> boolean_member(const json::object& object, std::string_view key);

}  // namespace tidegate
