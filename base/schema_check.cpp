// Method: one walk over the tree beside its type; every departure becomes a diagnostic and the walk goes on.

#include <fmt/format.h>

#include <algorithm>

#include "base/schema.hpp"

namespace tidegate::schema {
namespace {

using Kind = Type::Kind;
using yaml::Node;

/// Where in the tree the walk is: `stages[0].to` of "load block 'shoppers'".
struct Place {
  std::string what;
  std::string path;

  Place field(const std::string& name) const { return {what, path.empty() ? name : path + "." + name}; }
  Place item(std::size_t index) const { return {what, fmt::format("{}[{}]", path, index)}; }
  std::string text() const { return path.empty() ? what : fmt::format("'{}' of {}", path, what); }
};

bool takes(const Type& type, Node::Kind kind) {
  switch (type.kind) {
    case Kind::any:
      return true;
    case Kind::list:
      return kind == Node::Kind::list;
    case Kind::map:
    case Kind::object:
      return kind == Node::Kind::map;
    case Kind::one_of:
      return std::any_of(type.alternatives.begin(), type.alternatives.end(),
                         [&](const TypePointer& alternative) { return takes(*alternative, kind); });
    case Kind::text:
    case Kind::boolean:
    case Kind::integer:
    case Kind::number:
    case Kind::duration:
    case Kind::rate:
    case Kind::share:
    case Kind::bytes:
    case Kind::choice:
      return kind == Node::Kind::scalar;
  }
  return false;
}

std::string joined(const std::vector<std::string>& texts, const char* separator) {
  return fmt::format("{}", fmt::join(texts, separator));
}

std::string within(const Type& type) {
  const bool has_minimum = type.minimum > -1e299, has_maximum = type.maximum < 1e299;
  if (has_minimum && has_maximum) return fmt::format(" between {:.15g} and {:.15g}", type.minimum, type.maximum);
  if (has_minimum) return fmt::format(" of at least {:.15g}", type.minimum);
  if (has_maximum) return fmt::format(" of at most {:.15g}", type.maximum);
  return {};
}

/// What a reader should have written: "a duration with its unit, such as 300ms or 15s".
std::string expectation(const Type& type) {
  switch (type.kind) {
    case Kind::any:
      return "anything";
    case Kind::text:
      return "a text";
    case Kind::boolean:
      return "true or false";
    case Kind::integer:
      return "a whole number" + within(type);
    case Kind::number:
      return "a number" + within(type);
    case Kind::duration:
      return "a duration with its unit, such as 300ms or 15s";
    case Kind::rate:
      return "a rate with its unit, such as 400/s, 30/m or 10/h";
    case Kind::share:
      return "a share in percent, such as 99.95%";
    case Kind::bytes:
      return "a size with its unit, such as 512B, 64KiB or 10MB";
    case Kind::choice:
      return "one of " + joined(type.choices, ", ");
    case Kind::list:
      return "a list";
    case Kind::map:
      return "a map of names";
    case Kind::object: {
      std::vector<std::string> names;
      for (const auto& field : type.fields) names.push_back(field.name);
      return names.empty() || names.size() > 8 ? "a map" : "a map with " + joined(names, ", ");
    }
    case Kind::one_of: {
      std::vector<std::string> each;
      for (const auto& alternative : type.alternatives) each.push_back(expectation(*alternative));
      return joined(each, ", or ");
    }
  }
  return {};
}

std::string found(const Node& node) {
  switch (node.kind()) {
    case Node::Kind::null:
      return "nothing";
    case Node::Kind::list:
      return "a list";
    case Node::Kind::map:
      return "a map";
    case Node::Kind::scalar:
      return node.text().size() > 60 ? "'" + node.text().substr(0, 57) + "...'" : "'" + node.text() + "'";
  }
  return {};
}

bool is_whole_in_range(const std::string& text, const Type& type) {
  const auto value = parse_integer(text);
  return value && static_cast<double>(*value) >= type.minimum && static_cast<double>(*value) <= type.maximum;
}

bool is_number_in_range(const std::string& text, const Type& type) {
  const auto value = parse_number(text);
  return value && *value >= type.minimum && *value <= type.maximum;
}

bool scalar_fits(const std::string& text, const Type& type) {
  switch (type.kind) {
    case Kind::any:
    case Kind::text:
      return true;
    case Kind::boolean:
      return text == "true" || text == "false";
    case Kind::integer:
      return is_whole_in_range(text, type);
    case Kind::number:
      return is_number_in_range(text, type);
    case Kind::duration:
      return parse_duration(text).ok();
    case Kind::rate:
      return parse_rate(text).ok();
    case Kind::share:
      return parse_share(text).ok();
    case Kind::bytes:
      return parse_bytes(text).ok();
    case Kind::choice:
      return std::find(type.choices.begin(), type.choices.end(), text) != type.choices.end();
    case Kind::list:
    case Kind::map:
    case Kind::object:
    case Kind::one_of:
      return false;
  }
  return false;
}

/// `b` of the first `${b}` in the text; the text itself when it is not closed.
std::string variable_in(const std::string& text) {
  const std::size_t start = text.find("${");
  const std::size_t end = text.find('}', start);
  return end == std::string::npos ? text.substr(start) : text.substr(start + 2, end - start - 2);
}

class Walk {
 public:
  explicit Walk(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  void check(const Node& node, const Type& type, const Place& place) {
    if (type.kind == Kind::any) return;
    if (type.kind == Kind::one_of) return check_one_of(node, type, place);
    if (!takes(type, node.kind())) return refuse(node, type, place);
    if (type.kind == Kind::list) {
      for (std::size_t i = 0; i < node.items().size(); ++i) check(node.items()[i], *type.element, place.item(i));
    } else if (type.kind == Kind::map) {
      for (const auto& [key, value] : node.entries()) check(value, *type.element, place.field(key.text()));
    } else if (type.kind == Kind::object) {
      check_object(node, type, place);
    } else {
      check_scalar(node, type, place);
    }
  }

 private:
  void refuse(const Node& node, const Type& type, const Place& place) {
    std::string suggestion;
    if (node.is_scalar() && type.kind == Kind::choice) suggestion = nearest_spelling(node.text(), type.choices);
    diagnostics_.add(node.mark(),
                     fmt::format("expected {} for {}, found {}", expectation(type), place.text(), found(node)),
                     std::move(suggestion));
  }

  void check_scalar(const Node& node, const Type& type, const Place& place) {
    if (node.text().find("${") != std::string::npos) {
      if (type.templated) return;
      diagnostics_.add(node.mark(),
                       fmt::format("variable '{}' is not known in {}", variable_in(node.text()), place.text()));
    } else if (!scalar_fits(node.text(), type)) {
      refuse(node, type, place);
    }
  }

  void check_object(const Node& node, const Type& type, const Place& place) {
    std::vector<std::string> names;
    for (const auto& field : type.fields) names.push_back(field.name);
    for (const auto& [key, value] : node.entries()) {
      const auto field = std::find_if(type.fields.begin(), type.fields.end(),
                                      [&name = key.text()](const Field& candidate) { return candidate.name == name; });
      if (field != type.fields.end()) {
        check(value, *field->type, place.field(field->name));
      } else {
        diagnostics_.add(key.mark(), fmt::format("unknown key '{}' in {}", key.text(), place.text()),
                         nearest_spelling(key.text(), names));
      }
    }
    for (const auto& field : type.fields) {
      if (field.required && !node.find(field.name)) {
        diagnostics_.add(node.mark(), fmt::format("missing key '{}' in {}", field.name, place.text()));
      }
    }
  }

  /// Of the alternatives for this kind of node the first that passes decides. When none does, a collection is told what
  /// the nearest one misses in it, and a scalar what all of them expect.
  void check_one_of(const Node& node, const Type& type, const Place& place) {
    Diagnostics fewest;
    std::size_t fitting = 0;
    for (const auto& alternative : type.alternatives) {
      if (!takes(*alternative, node.kind())) continue;
      Diagnostics own;
      Walk(own).check(node, *alternative, place);
      if (own.empty()) return;
      if (fitting++ == 0 || own.size() < fewest.size()) fewest = own;
    }
    const bool is_variable = node.is_scalar() && node.text().find("${") != std::string::npos;
    if (fitting == 0 || (fitting > 1 && node.is_scalar() && !is_variable)) return refuse(node, type, place);
    for (const auto& diagnostic : fewest.list()) {
      diagnostics_.add(diagnostic.mark, diagnostic.message, diagnostic.suggestion);
    }
  }

  Diagnostics& diagnostics_;
};

}  // namespace

bool check(const yaml::Node& node, const Type& type, const std::string& what, Diagnostics& diagnostics) {
  const std::size_t before = diagnostics.size();
  Walk(diagnostics).check(node, type, {what, {}});
  return diagnostics.size() == before;
}

}  // namespace tidegate::schema
