#pragma once
// The rows of a data file, CSV or NDJSON. Small files are held in memory, read once; larger ones stay on the disk, with
// the place of every 16th row in memory (half a byte per row), so that any row of a file larger than memory is found
// with one read.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "loadgen/template.hpp"

namespace tidegate::loadgen {

enum class TableFormat : std::uint8_t { csv, ndjson };
/// By the end of its name: .ndjson and .jsonl are NDJSON, everything else is CSV.
TableFormat format_of(std::string_view path) noexcept;

/// Immutable; any thread may read.
class Table {
 public:
  virtual ~Table() = default;
  const std::vector<std::string>& columns() const noexcept { return columns_; }
  std::uint64_t rows() const noexcept { return rows_; }
  /// Appends a cell so that it cannot break what surrounds it. Numbers, true, false, null, lists and maps of NDJSON
  /// stay bare where a JSON value of their own is written. False when the row lacks the column, or the file was
  /// changed.
  virtual bool append_cell(std::uint64_t row, std::size_t column, Escape escape, std::string& out) const = 0;

 protected:
  std::vector<std::string> columns_;
  std::uint64_t rows_ = 0;
};

struct TableOptions {
  std::uint64_t largest_in_memory = 64ULL << 20;  ///< bytes; larger files stay on the disk
};

/// Reads the whole file once. Errors name the line: what CSV or NDJSON does not allow, a row with more or fewer cells
/// than the header, no row at all. The columns of NDJSON are the keys of its first row.
Result<std::shared_ptr<const Table>> open_table(const std::string& path, TableFormat format,
                                                const TableOptions& options = {});

}  // namespace tidegate::loadgen
