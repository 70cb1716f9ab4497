#include <cmath>

#include "base/schema.hpp"

namespace tidegate::schema {
namespace {

using Kind = Type::Kind;

// As base/units.hpp reads them. A text with `${` may stand for any scalar, since variables are filled in before a file
// is checked.
constexpr const char* kVariable = R"(\$\{)";
constexpr const char* kDuration = R"(^([0-9]+(\.[0-9]+)?d)?([0-9]+(\.[0-9]+)?h)?([0-9]+(\.[0-9]+)?m)?)"
                                  R"(([0-9]+(\.[0-9]+)?s)?([0-9]+(\.[0-9]+)?ms)?([0-9]+(\.[0-9]+)?us)?)"
                                  R"(([0-9]+(\.[0-9]+)?ns)?$)";
constexpr const char* kRate = R"(^[0-9]+(\.[0-9]+)?/[smh]$)";
constexpr const char* kShare = R"(^[0-9]+(\.[0-9]+)?%$)";
constexpr const char* kBytes = R"(^[0-9]+(\.[0-9]+)?(B|[KMGT]iB|[kKMGT]B)$)";

json::object pattern(const char* expression) {
  return {{"type", "string"}, {"pattern", expression}};
}

json::object or_variable(json::object schema) {
  return {{"anyOf", json::array{std::move(schema), pattern(kVariable)}}};
}

json::object quantity(const char* expression) {
  json::object out = pattern(expression);
  out["minLength"] = 1;
  return or_variable(std::move(out));
}

json::object bounded(const char* name, const Type& type) {
  json::object out{{"type", name}};
  const auto add = [&](const char* key, double bound) {
    if (std::abs(bound) > 1e299) return;
    // Whole bounds are written without a point.
    if (bound == std::floor(bound) && std::abs(bound) < 9e15) {
      out[key] = static_cast<std::int64_t>(bound);
    } else {
      out[key] = bound;
    }
  };
  add("minimum", type.minimum);
  add("maximum", type.maximum);
  return or_variable(std::move(out));
}

json::object convert(const Type& type, const std::string& doc);

json::object convert_object(const Type& type) {
  json::object properties;
  json::array required;
  for (const auto& field : type.fields) {
    properties[field.name] = convert(*field.type, field.doc);
    if (field.required) required.emplace_back(field.name);
  }
  json::object out{{"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
  if (!required.empty()) out["required"] = std::move(required);
  return out;
}

json::object convert_choice(const Type& type) {
  json::array choices;
  for (const auto& choice : type.choices) choices.emplace_back(choice);
  return or_variable({{"enum", std::move(choices)}});
}

json::object convert_one_of(const Type& type) {
  json::array alternatives;
  for (const auto& alternative : type.alternatives) alternatives.push_back(convert(*alternative, {}));
  return {{"anyOf", std::move(alternatives)}};
}

json::object convert_kind(const Type& type) {
  switch (type.kind) {
    case Kind::any:
      return {};
    // An editor takes an unquoted 5 or true for a number or a boolean; here it is a text as good as any.
    case Kind::text:
      return {{"type", {"string", "number", "boolean"}}};
    case Kind::boolean:
      return or_variable({{"type", "boolean"}});
    case Kind::integer:
      return bounded("integer", type);
    case Kind::number:
      return bounded("number", type);
    case Kind::duration:
      return quantity(kDuration);
    case Kind::rate:
      return quantity(kRate);
    case Kind::share:
      return quantity(kShare);
    case Kind::bytes:
      return quantity(kBytes);
    case Kind::choice:
      return convert_choice(type);
    case Kind::list:
      return {{"type", "array"}, {"items", convert(*type.element, {})}};
    case Kind::map:
      return {{"type", "object"}, {"additionalProperties", convert(*type.element, {})}};
    case Kind::object:
      return convert_object(type);
    case Kind::one_of:
      return convert_one_of(type);
  }
  return {};
}

json::object convert(const Type& type, const std::string& doc) {
  json::object out = convert_kind(type);
  const std::string& description = doc.empty() ? type.doc : doc;
  if (!description.empty()) out["description"] = description;
  return out;
}

}  // namespace

json::value to_json_schema(const Type& type) {
  json::object out{{"$schema", "https://json-schema.org/draft/2020-12/schema"}};
  for (auto& member : convert(type, {})) out[member.key()] = std::move(member.value());
  return out;
}

}  // namespace tidegate::schema
