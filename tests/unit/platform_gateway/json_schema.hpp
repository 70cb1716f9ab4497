#pragma once
// As much of JSON Schema (2020-12) as the API's description uses, to hold answers against it.

#include <string>
#include <vector>

#include "base/json.hpp"

namespace tidegate::platform::test {

/// Of one OpenAPI document, which outlives it.
class JsonSchema {
 public:
  explicit JsonSchema(const json::object& document) : document_(document) {}

  /// Empty when the document describes this status of this route and the body has its shape.
  std::string complaint_about(const std::string& method, const std::string& path, int status,
                              const std::string& body) const;
  /// $ref values that lead nowhere.
  std::vector<std::string> broken_references() const;

 private:
  const json::value* resolve(std::string_view reference) const;
  const json::object* follow(const json::value* value) const;
  std::string check(const json::value& schema, const json::value& value, const std::string& at) const;
  std::string check_object(const json::object& schema, const json::object& value, const std::string& at) const;

  const json::object& document_;
};

}  // namespace tidegate::platform::test
