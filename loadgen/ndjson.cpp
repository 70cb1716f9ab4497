#include "loadgen/ndjson.hpp"

#include <algorithm>

#include "base/json.hpp"

namespace tidegate::loadgen {

bool is_blank(std::string_view line) noexcept {
  return line.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

Result<void> ndjson_columns(std::string_view row, std::vector<std::string>& columns) {
  const auto value = parse_json(row);
  if (!value || !value->is_object()) return usage_error("a row is one JSON object on one line");
  if (value->as_object().empty()) return usage_error("the first row has no column");
  for (const auto& [key, member] : value->as_object()) columns.emplace_back(key);
  return {};
}

Result<void> check_ndjson_row(std::string_view row) {
  static const JsonPath kWhole = *JsonPath::parse("$");
  const auto found = kWhole.find(row);
  if (!found || found->type != JsonSlice::Type::object) return usage_error("a row is one JSON object on one line");
  const auto after = static_cast<std::size_t>(found->raw.data() + found->raw.size() - row.data());
  if (!is_blank(row.substr(after))) return usage_error("text follows the JSON object");
  return {};
}

NdjsonReader::NdjsonReader(const std::vector<std::string>& columns) {
  for (const std::string& column : columns) paths_.push_back(JsonPath::of_member(column));
}

bool NdjsonReader::append_cell(std::string_view row, std::size_t column, Escape escape, std::string& out) const {
  const auto found = paths_[column].find(row);
  if (!found) return false;
  const bool bare = found->type != JsonSlice::Type::string;
  if (!found->escaped) {
    append_escaped(out, found->raw, escape, bare);
    return true;
  }
  std::string text;
  found->append_text(text);
  append_escaped(out, text, escape, bare);
  return true;
}

}  // namespace tidegate::loadgen
