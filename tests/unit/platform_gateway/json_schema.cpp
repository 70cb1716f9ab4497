#include "tests/unit/platform_gateway/json_schema.hpp"

#include <functional>
#include <regex>

namespace tidegate::platform::test {
namespace {

bool is_of_type(std::string_view type, const json::value& value) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "integer") return value.is_int64();
  if (type == "boolean") return value.is_bool();
  if (type == "null") return value.is_null();
  return false;
}

bool type_allows(const json::value& types, const json::value& value) {
  if (types.is_string()) return is_of_type(types.as_string(), value);
  for (const json::value& type : types.as_array()) {
    if (is_of_type(type.as_string(), value)) return true;
  }
  return false;
}

void find_references(const json::value& value, const std::function<void(std::string)>& visit) {
  if (value.is_array()) {
    for (const json::value& item : value.as_array()) find_references(item, visit);
  }
  if (!value.is_object()) return;
  for (const auto& [key, member] : value.as_object()) {
    if (key == "$ref" && member.is_string()) visit(std::string(member.as_string()));
    find_references(member, visit);
  }
}

}  // namespace

const json::value* JsonSchema::resolve(std::string_view reference) const {
  if (reference.substr(0, 2) != "#/") return nullptr;
  const json::object* at = &document_;
  const json::value* found = nullptr;
  for (std::string_view rest = reference.substr(2); !rest.empty();) {
    const auto slash = rest.find('/');
    found = at == nullptr ? nullptr : at->if_contains(rest.substr(0, slash));
    if (found == nullptr) return nullptr;
    at = found->if_object();
    rest = slash == std::string_view::npos ? std::string_view{} : rest.substr(slash + 1);
  }
  return found;
}

const json::object* JsonSchema::follow(const json::value* value) const {
  const json::object* object = value == nullptr ? nullptr : value->if_object();
  if (object == nullptr || !object->contains("$ref")) return object;
  return follow(resolve(object->at("$ref").as_string()));
}

std::vector<std::string> JsonSchema::broken_references() const {
  std::vector<std::string> broken;
  find_references(document_, [&](const std::string& reference) {
    if (resolve(reference) == nullptr) broken.push_back(reference);
  });
  return broken;
}

std::string JsonSchema::check_object(const json::object& schema, const json::object& value,
                                     const std::string& at) const {
  if (const json::value* required = schema.if_contains("required")) {
    for (const json::value& name : required->as_array()) {
      if (!value.contains(name.as_string())) return at + ": no " + std::string(name.as_string());
    }
  }
  const json::value* properties = schema.if_contains("properties");
  const json::value* additional = schema.if_contains("additionalProperties");
  for (const auto& [name, member] : value) {
    const json::value* known = properties == nullptr ? nullptr : properties->as_object().if_contains(name);
    const std::string inside = at + "." + std::string(name);
    if (known == nullptr) {
      if (additional != nullptr && additional->is_bool() && !additional->as_bool()) return inside + ": not described";
      continue;
    }
    if (auto complaint = check(*known, member, inside); !complaint.empty()) return complaint;
  }
  return {};
}

std::string JsonSchema::check(const json::value& described, const json::value& value, const std::string& at) const {
  const json::object* schema = follow(&described);
  if (schema == nullptr) return at + ": a schema that is none";
  if (const auto* type = schema->if_contains("type"); type != nullptr && !type_allows(*type, value)) {
    return at + ": of another type";
  }
  if (const auto* only = schema->if_contains("const"); only != nullptr && *only != value) return at + ": another value";
  if (const auto* names = schema->if_contains("enum")) {
    bool found = false;
    for (const json::value& name : names->as_array()) found = found || name == value;
    if (!found) return at + ": not one of the values";
  }
  if (const auto* low = schema->if_contains("minimum"); low != nullptr && value.is_int64()) {
    if (value.as_int64() < low->as_int64()) return at + ": below the minimum";
  }
  if (const auto* pattern = schema->if_contains("pattern"); pattern != nullptr && value.is_string()) {
    const std::regex expression(std::string(pattern->as_string()));
    if (!std::regex_search(std::string(value.as_string()), expression)) return at + ": does not match";
  }
  if (const auto* items = schema->if_contains("items"); items != nullptr && value.is_array()) {
    for (const json::value& item : value.as_array()) {
      if (auto complaint = check(*items, item, at + "[]"); !complaint.empty()) return complaint;
    }
  }
  return value.is_object() ? check_object(*schema, value.as_object(), at) : std::string();
}

std::string JsonSchema::complaint_about(const std::string& method, const std::string& path, int status,
                                        const std::string& body) const {
  std::string lower = method;
  for (char& c : lower) c = static_cast<char>(std::tolower(c));
  const json::object* route = follow(document_.at("paths").as_object().if_contains(path));
  const json::object* operation = route == nullptr ? nullptr : follow(route->if_contains(lower));
  if (operation == nullptr) return "the route is not described";
  const json::object* response = follow(operation->at("responses").as_object().if_contains(std::to_string(status)));
  if (response == nullptr) return "the status is not described";
  const json::object& content = response->at("content").as_object();
  const auto parsed = parse_json(body);
  if (!parsed) return "the body is not JSON";
  return check(content.begin()->value().as_object().at("schema"), *parsed, "body");
}

}  // namespace tidegate::platform::test
