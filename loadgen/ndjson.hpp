#pragma once
// One JSON object a line: its columns, and its cells without building a tree.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "loadgen/json_path.hpp"
#include "loadgen/template.hpp"

namespace tidegate::loadgen {

bool is_blank(std::string_view line) noexcept;
/// The keys of a row, in order. An error says why it is not a JSON object, or which key stands there twice.
Result<void> ndjson_columns(std::string_view row, std::vector<std::string>& columns);
/// An error unless it is one JSON object and nothing more.
Result<void> check_ndjson_row(std::string_view row);

/// Finds cells of rows. Immutable.
class NdjsonReader {
 public:
  explicit NdjsonReader(const std::vector<std::string>& columns);
  /// False when the row does not have the column.
  bool append_cell(std::string_view row, std::size_t column, Escape escape, std::string& out) const;

 private:
  std::vector<JsonPath> paths_;
};

}  // namespace tidegate::loadgen
