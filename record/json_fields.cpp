#include "record/json_fields.hpp"

#include <cmath>

#include <fmt/format.h>

namespace tidegate::record {
namespace {

const json::object& no_members() {
  static const json::object none;
  return none;
}

}  // namespace

json::value number_or_null(double number) {
  return std::isfinite(number) ? json::value(number) : json::value(nullptr);
}

json::value number_or_null(const std::optional<double>& number) {
  return number ? number_or_null(*number) : json::value(nullptr);
}

json::array to_json_array(const std::vector<std::string>& texts) {
  json::array out;
  for (const std::string& text : texts) out.emplace_back(text);
  return out;
}

JsonFields::JsonFields(const json::value& value, std::string where, std::optional<Error>& error)
    : object_(value.is_object() ? &value.get_object() : &no_members()), where_(std::move(where)), error_(error) {
  if (!value.is_object() && !error_) error_ = usage_error(where_ + ": expected an object");
}

const json::value* JsonFields::find(std::string_view key) const {
  const json::value* member = object_->if_contains(key);
  return member == nullptr || member->is_null() ? nullptr : member;
}

void JsonFields::wrong(std::string_view key, std::string_view expected) {
  if (!error_) error_ = usage_error(fmt::format("{}: '{}' must be {}", where_, key, expected));
}

const json::array* JsonFields::list(std::string_view key) {
  const json::value* member = find(key);
  if (member == nullptr) return nullptr;
  if (!member->is_array()) wrong(key, "a list");
  return member->if_array();
}

JsonFields JsonFields::nested(std::string_view key) const {
  static const json::value empty = json::object();
  const json::value* member = find(key);
  return JsonFields(member == nullptr ? empty : *member, where_ + "." + std::string(key), error_);
}

void JsonFields::read(std::string_view key, std::string& out) {
  const json::value* member = find(key);
  if (member == nullptr) return;
  if (!member->is_string()) return wrong(key, "a text");
  out = std::string(std::string_view(member->get_string()));
}

void JsonFields::read(std::string_view key, bool& out) {
  const json::value* member = find(key);
  if (member == nullptr) return;
  if (!member->is_bool()) return wrong(key, "true or false");
  out = member->get_bool();
}

void JsonFields::read(std::string_view key, double& out) {
  std::optional<double> number;
  read(key, number);
  if (number) out = *number;
}

void JsonFields::read(std::string_view key, std::optional<double>& out) {
  const json::value* member = find(key);
  if (member == nullptr) return;
  if (!member->is_number()) return wrong(key, "a number");
  out = member->to_number<double>();
}

void JsonFields::read(std::string_view key, std::vector<std::string>& out) {
  const json::array* items = list(key);
  if (items == nullptr) return;
  for (const json::value& item : *items) {
    if (!item.is_string()) return wrong(key, "a list of texts");
    out.emplace_back(std::string_view(item.get_string()));
  }
}

void JsonFields::read(std::string_view key, json::array& out) {
  if (const json::array* items = list(key)) out = *items;
}

void JsonFields::read(std::string_view key, json::object& out) {
  const json::value* member = find(key);
  if (member == nullptr) return;
  if (!member->is_object()) return wrong(key, "an object");
  out = member->get_object();
}

}  // namespace tidegate::record
