#pragma once
// Building YAML trees. Internal to loadgen/imports.

#include <string>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "base/yaml.hpp"

namespace tidegate::loadgen::imports {

using Entries = std::vector<std::pair<yaml::Node, yaml::Node>>;

/// A text that means itself: `${` in it becomes `$${`. Quoted, so that it stays a text whatever it looks like.
yaml::Node literal(std::string_view text);
/// A text as the scenario language reads it.
yaml::Node scalar(std::string text);
yaml::Node map(std::initializer_list<std::pair<const char*, yaml::Node>> entries);
/// A JSON value, texts as literals.
yaml::Node from_json(const json::value& value);
/// Everything of a scenario but data and flows: an open loop of one iteration a second.
yaml::Node frame(const std::string& name, const std::string& base_url, Entries flows, Entries shares, bool cookies);
/// A member of an object that is a text; empty when it is not.
std::string text_of(const json::object& object, std::string_view key);
const json::value* find(const json::value& value, std::string_view key);

}  // namespace tidegate::loadgen::imports
