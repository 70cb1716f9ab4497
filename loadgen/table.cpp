#include "loadgen/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/file.hpp"
#include "loadgen/csv.hpp"
#include "loadgen/disk_table.hpp"
#include "loadgen/ndjson.hpp"

namespace tidegate::loadgen {
namespace {

class CsvInMemory final : public Table {
 public:
  explicit CsvInMemory(CsvTable table) : table_(std::move(table)) {
    columns_ = table_.columns;
    rows_ = table_.rows();
  }
  bool append_cell(std::uint64_t row, std::size_t column, Escape escape, std::string& out) const override {
    append_escaped(out, table_.cell(row, column), escape);
    return true;
  }

 private:
  CsvTable table_;
};

class NdjsonInMemory final : public Table {
 public:
  NdjsonInMemory(std::string text, std::vector<std::string> columns, std::vector<std::size_t> starts)
      : text_(std::move(text)), starts_(std::move(starts)), reader_(columns) {
    columns_ = std::move(columns);
    rows_ = starts_.size();
  }
  bool append_cell(std::uint64_t row, std::size_t column, Escape escape, std::string& out) const override {
    const std::size_t end = row + 1 < starts_.size() ? starts_[row + 1] : text_.size();
    return reader_.append_cell(std::string_view(text_).substr(starts_[row], end - starts_[row]), column, escape, out);
  }

 private:
  std::string text_;
  std::vector<std::size_t> starts_;
  NdjsonReader reader_;
};

Result<std::shared_ptr<const Table>> read_ndjson(std::string text) {
  std::vector<std::size_t> starts;
  std::vector<std::string> columns;
  std::size_t at = 0;
  for (std::uint64_t line = 1; at < text.size(); ++line) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view row = std::string_view(text).substr(at, end - at);
    if (!is_blank(row)) {
      auto checked = starts.empty() ? ndjson_columns(row, columns) : check_ndjson_row(row);
      if (!checked) return usage_error(fmt::format("line {}: {}", line, checked.error().message));
      starts.push_back(at);
    }
    at = end + 1;
  }
  if (starts.empty()) return usage_error("it holds no row");
  return std::shared_ptr<const Table>(
      std::make_shared<NdjsonInMemory>(std::move(text), std::move(columns), std::move(starts)));
}

}  // namespace

TableFormat format_of(std::string_view path) noexcept {
  return path.ends_with(".ndjson") || path.ends_with(".jsonl") ? TableFormat::ndjson : TableFormat::csv;
}

Result<std::shared_ptr<const Table>> open_table(const std::string& path, TableFormat format,
                                                const TableOptions& options) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  if (!error && size > options.largest_in_memory) return open_disk_table(path, format);
  auto text = read_file(path);
  if (!text) return text.error();
  if (format == TableFormat::ndjson) return read_ndjson(*std::move(text));
  auto table = parse_csv(*text);
  if (!table) return table.error();
  return std::shared_ptr<const Table>(std::make_shared<CsvInMemory>(*std::move(table)));
}

}  // namespace tidegate::loadgen
