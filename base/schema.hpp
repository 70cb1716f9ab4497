#pragma once
// The shape of what users write, stated once: the parser checks a file against it (every mistake in one pass, with
// position and nearest spelling), and `tidegate schema` prints the same definitions as JSON Schema for editors.
// A folder defines the shape of its own section; runner/ joins them.

#include <memory>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/units.hpp"
#include "base/yaml.hpp"

namespace tidegate::schema {

struct Type;
using TypePointer = std::shared_ptr<const Type>;

struct Field {
  std::string name;
  TypePointer type;
  std::string doc;  ///< one sentence, shown by editors
  bool required = false;
};

struct Type {
  enum class Kind {
    any,       ///< free YAML (JSON bodies)
    text,      ///< a scalar; `${…}` is allowed when `templated`
    boolean,   ///< true | false
    integer,   ///< whole number, `minimum`..`maximum`
    number,    ///< decimal number
    duration,  ///< 300ms
    rate,      ///< 400/s
    share,     ///< 99.95%
    bytes,     ///< 64KiB
    choice,    ///< one of `choices`
    list,      ///< of `element`
    map,       ///< names chosen by the user to `element`
    object,    ///< closed set of `fields`
    one_of,    ///< the first of `alternatives` whose kind of node (scalar, list, map) fits decides
  };
  Kind kind = Kind::any;
  std::string doc;
  bool templated = false;
  std::vector<std::string> choices;
  TypePointer element;
  std::vector<Field> fields;
  std::vector<TypePointer> alternatives;
  double minimum = -1e300, maximum = 1e300;
};

TypePointer any(std::string doc = {});
TypePointer text(std::string doc = {});
/// A text in which `${…}` survives load and is rendered at run time.
TypePointer templated(std::string doc = {});
TypePointer boolean(std::string doc = {});
TypePointer integer(double minimum = -1e300, double maximum = 1e300, std::string doc = {});
TypePointer number(double minimum = -1e300, double maximum = 1e300, std::string doc = {});
TypePointer duration(std::string doc = {});
TypePointer rate(std::string doc = {});
TypePointer share(std::string doc = {});
TypePointer bytes(std::string doc = {});
TypePointer choice(std::vector<std::string> choices, std::string doc = {});
TypePointer list_of(TypePointer element, std::string doc = {});
TypePointer map_of(TypePointer element, std::string doc = {});
TypePointer object(std::vector<Field> fields, std::string doc = {});
TypePointer one_of(std::vector<TypePointer> alternatives, std::string doc = {});

inline Field required(std::string name, TypePointer type, std::string doc = {}) {
  return {std::move(name), std::move(type), std::move(doc), true};
}
inline Field optional(std::string name, TypePointer type, std::string doc = {}) {
  return {std::move(name), std::move(type), std::move(doc), false};
}

/// Adds a diagnostic for each departure: unknown key (nearest spelling), missing key, wrong kind, wrong unit, out of
/// range. `what` names the thing, as in "load block 'shoppers'". Returns whether the node conforms.
bool check(const yaml::Node& node, const Type& type, const std::string& what, Diagnostics& diagnostics);

/// The JSON Schema (2020-12) of the type.
json::value to_json_schema(const Type& type);

// Typed reading of nodes that `check` has already accepted; each asserts that the text parses.
Nanoseconds as_duration(const yaml::Node& node);
double as_rate(const yaml::Node& node);
double as_share(const yaml::Node& node);
std::int64_t as_integer(const yaml::Node& node);
double as_number(const yaml::Node& node);
std::uint64_t as_bytes(const yaml::Node& node);
bool as_boolean(const yaml::Node& node);

}  // namespace tidegate::schema
