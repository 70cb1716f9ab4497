#pragma once
// Reading the members of a JSON object into plain structs: a missing or null member leaves the default (readers accept
// older files), a member of the wrong type is an error that names it.

#include <concepts>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"

namespace tidegate::record {

/// A number, or null for what JSON cannot hold (NaN, infinities) and for nothing.
json::value number_or_null(double number);
json::value number_or_null(const std::optional<double>& number);
json::array to_json_array(const std::vector<std::string>& texts);

/// Collects the first error; nested objects share it.
class JsonFields {
 public:
  /// `where` names the object in messages: "run.json: machine".
  JsonFields(const json::value& value, std::string where, std::optional<Error>& error);

  void read(std::string_view key, std::string& out);
  void read(std::string_view key, bool& out);
  void read(std::string_view key, double& out);
  void read(std::string_view key, std::optional<double>& out);
  void read(std::string_view key, std::vector<std::string>& out);
  void read(std::string_view key, json::array& out);
  void read(std::string_view key, json::object& out);

  template <std::integral Integer>
  void read(std::string_view key, Integer& out) {
    const json::value* member = find(key);
    if (member == nullptr) return;
    if (member->is_uint64() && std::in_range<Integer>(member->get_uint64())) {
      out = static_cast<Integer>(member->get_uint64());
    } else if (member->is_int64() && std::in_range<Integer>(member->get_int64())) {
      out = static_cast<Integer>(member->get_int64());
    } else {
      wrong(key, "a whole number in range");
    }
  }

  /// Calls read_item for each object of a list and keeps what it returns.
  template <typename Item>
  void read_list(std::string_view key, std::vector<Item>& out, const std::function<Item(JsonFields&)>& read_item) {
    const json::array* items = list(key);
    if (items == nullptr) return;
    for (const json::value& item : *items) {
      JsonFields fields(item, where_ + "." + std::string(key), error_);
      out.push_back(read_item(fields));
    }
  }

  /// The object under a key, for reading what it holds; an absent one reads as empty.
  JsonFields nested(std::string_view key) const;
  /// The members in order, empty for what is not an object.
  const json::object& members() const { return *object_; }
  const std::string& where() const { return where_; }
  void wrong(std::string_view key, std::string_view expected);

 private:
  const json::value* find(std::string_view key) const;
  const json::array* list(std::string_view key);

  const json::object* object_;
  std::string where_;
  std::optional<Error>& error_;
};

}  // namespace tidegate::record
