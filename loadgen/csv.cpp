#include "loadgen/csv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace tidegate::loadgen {
namespace {

/// Takes rows off a text, counting its lines.
class RowReader {
 public:
  /// `first`: the text begins a file.
  explicit RowReader(std::string_view text, bool first = true) : rest_(text) {
    if (first && rest_.starts_with("\xEF\xBB\xBF"))
      rest_.remove_prefix(3);  // a byte order mark, as spreadsheets write it
  }

  bool at_end() const { return rest_.empty(); }
  /// The line on which the last row began.
  int line() const { return row_line_; }

  std::optional<Error> read(std::vector<std::string>& cells) {
    cells.clear();
    row_line_ = next_line_;
    do {
      cells.emplace_back();
      if (auto error = rest_.starts_with('"') ? read_quoted(cells.back()) : read_plain(cells.back())) return error;
    } while (take(','));
    if (!rest_.empty() && !take_line_end()) return failure("text follows a closing quote");
    return std::nullopt;
  }

 private:
  std::optional<Error> read_quoted(std::string& cell) {
    rest_.remove_prefix(1);
    for (;;) {
      const std::size_t quote = rest_.find('"');
      if (quote == std::string_view::npos) return failure("a quote is not closed");
      next_line_ +=
          static_cast<int>(std::count(rest_.begin(), rest_.begin() + static_cast<std::ptrdiff_t>(quote), '\n'));
      cell.append(rest_.substr(0, quote));
      rest_.remove_prefix(quote + 1);
      if (!rest_.starts_with('"')) return std::nullopt;
      cell += '"';
      rest_.remove_prefix(1);
    }
  }

  std::optional<Error> read_plain(std::string& cell) {
    const std::size_t length = std::min(rest_.find_first_of(",\r\n"), rest_.size());
    cell = std::string(rest_.substr(0, length));
    rest_.remove_prefix(length);
    if (cell.find('"') != std::string::npos) return failure("a quote inside a cell that does not start with one");
    return std::nullopt;
  }

  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool take_line_end() {
    if (rest_.starts_with("\r\n")) rest_.remove_prefix(1);
    if (!take('\n')) return false;
    ++next_line_;
    return true;
  }

  Error failure(const char* what) const { return usage_error(fmt::format("line {}: {}", row_line_, what)); }

  std::string_view rest_;
  int next_line_ = 1;
  int row_line_ = 1;
};

std::optional<Error> check_columns(const std::vector<std::string>& columns) {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].empty()) return usage_error(fmt::format("line 1: column {} has no name", i + 1));
    if (std::find(columns.begin(), columns.begin() + static_cast<std::ptrdiff_t>(i), columns[i]) !=
        columns.begin() + static_cast<std::ptrdiff_t>(i)) {
      return usage_error(fmt::format("line 1: column '{}' stands there twice", columns[i]));
    }
  }
  return std::nullopt;
}

/// Of a row on its own, whose place in the file the caller knows.
Error without_line(const Error& error) {
  constexpr std::string_view kLine = "line 1: ";
  return error.message.starts_with(kLine) ? Error{error.kind, error.message.substr(kLine.size())} : error;
}

Result<void> read_row(std::string_view text, std::vector<std::string>& cells, bool first) {
  RowReader reader(text, first);
  if (auto error = reader.read(cells)) return without_line(*error);
  if (!reader.at_end()) return usage_error("a row ends before its line does");
  return {};
}

}  // namespace

Result<void> read_csv_header(std::string_view text, std::vector<std::string>& columns) {
  if (auto read = read_row(text, columns, true); !read) return read;
  if (auto error = check_columns(columns)) return without_line(*error);
  return {};
}

Result<void> read_csv_row(std::string_view text, std::vector<std::string>& cells) {
  return read_row(text, cells, false);
}

Result<CsvTable> parse_csv(std::string_view text) {
  CsvTable table;
  RowReader reader(text);
  if (reader.at_end()) return usage_error("line 1: no header line");
  if (auto error = reader.read(table.columns)) return *error;
  if (auto error = check_columns(table.columns)) return *error;
  std::vector<std::string> row;
  while (!reader.at_end()) {
    if (auto error = reader.read(row)) return *error;
    const bool blank = row.size() == 1 && row[0].empty();
    if (blank && table.columns.size() > 1) continue;
    if (row.size() != table.columns.size()) {
      return usage_error(
          fmt::format("line {}: {} cells where the header has {}", reader.line(), row.size(), table.columns.size()));
    }
    std::move(row.begin(), row.end(), std::back_inserter(table.cells));
  }
  if (table.rows() == 0) return usage_error("no row follows the header");
  return table;
}

}  // namespace tidegate::loadgen
