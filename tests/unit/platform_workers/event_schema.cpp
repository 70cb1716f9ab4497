#include "tests/unit/platform_workers/event_schema.hpp"

#include <algorithm>

namespace tidegate::platform {
namespace {

bool has_type(const json::value& value, std::string_view type) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_bool();
  if (type == "integer") return value.is_int64();
  return false;
}

std::optional<std::string> misfit_of_object(const json::object& object, const json::object& schema,
                                            const std::string& at) {
  if (const json::value* required = schema.if_contains("required")) {
    for (const json::value& name : required->as_array()) {
      if (!object.contains(name.as_string())) return at + ": no " + std::string(name.as_string());
    }
  }
  const json::value* properties = schema.if_contains("properties");
  if (properties == nullptr) return std::nullopt;
  for (const auto& [key, value] : object) {
    const json::value* known = properties->as_object().if_contains(key);
    if (known == nullptr) return at + ": the schema does not know " + std::string(key);
    if (auto why = misfit(value, known->as_object(), at + "." + std::string(key))) return why;
  }
  return std::nullopt;
}

bool contains(const json::object& schema, std::string_view list, const json::value& name) {
  const json::value* listed = schema.if_contains(list);
  return listed != nullptr && std::ranges::find(listed->as_array(), name) != listed->as_array().end();
}

}  // namespace

std::optional<std::string> misfit(const json::value& value, const json::object& schema, const std::string& at) {
  const std::string type(schema.at("type").as_string());
  if (!has_type(value, type)) return at + ": not of type " + type;
  if (value.is_object()) return misfit_of_object(value.as_object(), schema, at);
  if (value.is_array()) {
    for (const json::value& item : value.as_array()) {
      if (auto why = misfit(item, schema.at("items").as_object(), at + "[]")) return why;
    }
  }
  const json::value* minimum = schema.if_contains("minimum");
  if (minimum != nullptr && value.as_int64() < minimum->as_int64()) return at + ": below the minimum";
  const json::value* shortest = schema.if_contains("minLength");
  if (shortest != nullptr && std::ssize(value.as_string()) < shortest->as_int64()) return at + ": too short";
  const json::value* longest = schema.if_contains("maxLength");
  if (longest != nullptr && std::ssize(value.as_string()) > longest->as_int64()) return at + ": too long";
  return std::nullopt;
}

std::vector<std::string> incompatibilities(const json::object& before, const json::object& after,
                                           const std::string& at) {
  std::vector<std::string> found;
  for (const char* rule : {"type", "minimum", "minLength", "maxLength"}) {
    const json::value* old_rule = before.if_contains(rule);
    const json::value* new_rule = after.if_contains(rule);
    if ((old_rule == nullptr) != (new_rule == nullptr) || (old_rule != nullptr && *old_rule != *new_rule)) {
      found.push_back(at + ": another " + rule);
    }
  }
  if (const json::value* required = after.if_contains("required")) {
    for (const json::value& name : required->as_array()) {
      if (!contains(before, "required", name))
        found.push_back(at + ": newly required " + std::string(name.as_string()));
    }
  }
  if (const json::value* required = before.if_contains("required")) {
    for (const json::value& name : required->as_array()) {
      if (!contains(after, "required", name)) found.push_back(at + ": no longer sure " + std::string(name.as_string()));
    }
  }
  const json::value* properties = before.if_contains("properties");
  if (properties != nullptr) {
    for (const auto& [key, schema] : properties->as_object()) {
      const json::value* kept = after.at("properties").as_object().if_contains(key);
      if (kept == nullptr) {
        found.push_back(at + ": removed " + std::string(key));
        continue;
      }
      const auto below = incompatibilities(schema.as_object(), kept->as_object(), at + "." + std::string(key));
      found.insert(found.end(), below.begin(), below.end());
    }
  }
  return found;
}

}  // namespace tidegate::platform
