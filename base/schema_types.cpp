#include "base/assert.hpp"
#include "base/schema.hpp"

namespace tidegate::schema {
namespace {

std::shared_ptr<Type> make(Type::Kind kind, std::string doc) {
  auto out = std::make_shared<Type>();
  out->kind = kind;
  out->doc = std::move(doc);
  return out;
}

TypePointer make_bounded(Type::Kind kind, double minimum, double maximum, std::string doc) {
  auto out = make(kind, std::move(doc));
  out->minimum = minimum;
  out->maximum = maximum;
  return out;
}

template <typename T>
T accepted(Result<T> parsed) {
  TIDEGATE_ASSERT(parsed.ok());
  return *std::move(parsed);
}

}  // namespace

TypePointer any(std::string doc) {
  return make(Type::Kind::any, std::move(doc));
}
TypePointer text(std::string doc) {
  return make(Type::Kind::text, std::move(doc));
}

TypePointer templated(std::string doc) {
  auto out = make(Type::Kind::text, std::move(doc));
  out->templated = true;
  return out;
}

TypePointer boolean(std::string doc) {
  return make(Type::Kind::boolean, std::move(doc));
}

TypePointer integer(double minimum, double maximum, std::string doc) {
  return make_bounded(Type::Kind::integer, minimum, maximum, std::move(doc));
}

TypePointer number(double minimum, double maximum, std::string doc) {
  return make_bounded(Type::Kind::number, minimum, maximum, std::move(doc));
}

TypePointer duration(std::string doc) {
  return make(Type::Kind::duration, std::move(doc));
}
TypePointer rate(std::string doc) {
  return make(Type::Kind::rate, std::move(doc));
}
TypePointer share(std::string doc) {
  return make(Type::Kind::share, std::move(doc));
}
TypePointer bytes(std::string doc) {
  return make(Type::Kind::bytes, std::move(doc));
}

TypePointer choice(std::vector<std::string> choices, std::string doc) {
  auto out = make(Type::Kind::choice, std::move(doc));
  out->choices = std::move(choices);
  return out;
}

TypePointer list_of(TypePointer element, std::string doc) {
  auto out = make(Type::Kind::list, std::move(doc));
  out->element = std::move(element);
  return out;
}

TypePointer map_of(TypePointer element, std::string doc) {
  auto out = make(Type::Kind::map, std::move(doc));
  out->element = std::move(element);
  return out;
}

TypePointer object(std::vector<Field> fields, std::string doc) {
  auto out = make(Type::Kind::object, std::move(doc));
  out->fields = std::move(fields);
  return out;
}

TypePointer one_of(std::vector<TypePointer> alternatives, std::string doc) {
  auto out = make(Type::Kind::one_of, std::move(doc));
  out->alternatives = std::move(alternatives);
  return out;
}

Nanoseconds as_duration(const yaml::Node& node) {
  return accepted(parse_duration(node.text()));
}
double as_rate(const yaml::Node& node) {
  return accepted(parse_rate(node.text()));
}
double as_share(const yaml::Node& node) {
  return accepted(parse_share(node.text()));
}
std::int64_t as_integer(const yaml::Node& node) {
  return accepted(parse_integer(node.text()));
}
double as_number(const yaml::Node& node) {
  return accepted(parse_number(node.text()));
}
std::uint64_t as_bytes(const yaml::Node& node) {
  return accepted(parse_bytes(node.text()));
}

bool as_boolean(const yaml::Node& node) {
  TIDEGATE_ASSERT(node.text() == "true" || node.text() == "false");
  return node.text() == "true";
}

}  // namespace tidegate::schema
