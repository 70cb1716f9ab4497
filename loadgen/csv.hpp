#pragma once
// CSV as RFC 4180 has it, with a header line. LF and CRLF both end a line; an empty last line is none.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace tidegate::loadgen {

struct CsvTable {
  std::vector<std::string> columns;
  std::vector<std::string> cells;  ///< row after row

  std::size_t rows() const noexcept { return columns.empty() ? 0 : cells.size() / columns.size(); }
  const std::string& cell(std::size_t row, std::size_t column) const { return cells[row * columns.size() + column]; }
};

/// Errors name the line: a row with more or fewer cells than the header, a quote that is not closed, text after a
/// closing quote, an empty or a repeated column name, no row at all.
Result<CsvTable> parse_csv(std::string_view text);

/// A header line of its own: its names, each once and none empty.
Result<void> read_csv_header(std::string_view text, std::vector<std::string>& columns);
/// One row of its own, with or without its line end.
Result<void> read_csv_row(std::string_view text, std::vector<std::string>& cells);

}  // namespace tidegate::loadgen
