// Method: rows are found by their line ends (outside quotes, in CSV) in one pass with a fixed buffer. A cell is read by
// reading the block of 16 rows that holds it; each thread keeps the last block of each table, so reading rows in order
// costs one read per 16.
#include "loadgen/disk_table.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <optional>

#include "base/file.hpp"
#include "loadgen/csv.hpp"
#include "loadgen/ndjson.hpp"

namespace tidegate::loadgen {
namespace {

constexpr std::uint64_t kRowsPerBlock = 16;
constexpr std::size_t kScanBuffer = 1U << 20;
constexpr std::size_t kLongestRow = 1U << 20;

/// Reads up to `size` bytes at an offset; short at the end of the file, or when it cannot be read.
std::size_t read_at(int descriptor, std::uint64_t offset, char* buffer, std::size_t size) {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got = ::pread(descriptor, buffer + done, size - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

/// Splits a file into rows, as they come.
class RowScanner {
 public:
  RowScanner(int descriptor, TableFormat format) : descriptor_(descriptor), csv_(format == TableFormat::csv) {}

  struct Row {
    std::uint64_t start = 0;
    std::string text;  ///< with its line end
    std::uint64_t line = 0;
  };
  /// Nothing at the end. An error: a row that is too long to be one.
  Result<std::optional<Row>> next();

 private:
  bool fill();
  int descriptor_;
  bool csv_;
  std::vector<char> buffer_ = std::vector<char>(kScanBuffer);
  std::size_t at_ = 0, end_ = 0;
  std::uint64_t offset_ = 0;  // of the buffer's end in the file
  std::uint64_t line_ = 1;
};

bool RowScanner::fill() {
  end_ = read_at(descriptor_, offset_, buffer_.data(), buffer_.size());
  offset_ += end_;
  at_ = 0;
  return end_ > 0;
}

Result<std::optional<RowScanner::Row>> RowScanner::next() {
  Row row;
  row.line = line_;
  bool quoted = false, started = false;
  while (at_ < end_ || fill()) {
    if (!started) row.start = offset_ - (end_ - at_);
    started = true;
    std::size_t i = at_;
    bool ended = false;
    for (; i < end_ && !ended; ++i) {
      if (buffer_[i] == '"') quoted = quoted != csv_;
      if (buffer_[i] != '\n') continue;
      ++line_;
      ended = !quoted;
    }
    row.text.append(buffer_.data() + at_, i - at_);
    at_ = i;
    if (ended) return std::optional<Row>(std::move(row));
    if (row.text.size() > kLongestRow) {
      return usage_error(fmt::format("line {}: a row of over 1 MiB; is a quote left open?", row.line));
    }
  }
  if (row.text.empty()) return std::optional<Row>();
  return std::optional<Row>(std::move(row));
}

std::uint64_t next_id() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

class DiskTable final : public Table {
 public:
  DiskTable(FileDescriptor file, TableFormat format) : file_(std::move(file)), format_(format) {}
  Result<void> scan();
  bool append_cell(std::uint64_t row, std::size_t column, Escape escape, std::string& out) const override;

 private:
  /// The rows of one block, read and split.
  struct Block {
    std::uint64_t table = 0;  // 0: none
    std::uint64_t number = 0;
    std::vector<std::string> cells;  // CSV: all cells; NDJSON: a text per row
  };
  /// Between rows: NDJSON's blank lines, and CSV's empty ones where a row has more than one cell.
  bool is_no_row(std::string_view text) const {
    if (format_ == TableFormat::ndjson) return is_blank(text);
    return columns_.size() > 1 && (text.empty() || text == "\n" || text == "\r\n");
  }
  Result<void> take_header(const std::string& text);
  Result<void> check(const std::string& text, std::vector<std::string>& cells) const;
  bool load(std::uint64_t number, Block& block) const;

  const std::uint64_t id_ = next_id();  // never used again, as addresses are
  FileDescriptor file_;
  TableFormat format_;
  std::vector<std::uint64_t> starts_;  // of every kRowsPerBlock-th row
  std::uint64_t end_ = 0;
  std::optional<NdjsonReader> reader_;
};

Result<void> DiskTable::take_header(const std::string& text) {
  if (format_ == TableFormat::ndjson) {
    if (auto found = ndjson_columns(text, columns_); !found) return found;
    reader_.emplace(columns_);
    return {};
  }
  return read_csv_header(text, columns_);
}

Result<void> DiskTable::check(const std::string& text, std::vector<std::string>& cells) const {
  if (format_ == TableFormat::ndjson) return check_ndjson_row(text);
  if (auto read = read_csv_row(text, cells); !read) return read;
  if (cells.size() == columns_.size()) return {};
  return usage_error(fmt::format("{} cells where the header has {}", cells.size(), columns_.size()));
}

Result<void> DiskTable::scan() {
  RowScanner scanner(file_.get(), format_);
  std::vector<std::string> cells;
  bool header = true;
  for (;;) {
    auto row = scanner.next();
    if (!row) return row.error();
    if (!*row) break;
    const auto at_line = [&](const Error& error) {
      return usage_error(fmt::format("line {}: {}", (*row)->line, error.message));
    };
    if (is_no_row((*row)->text) && (!header || format_ == TableFormat::ndjson)) {
      end_ = (*row)->start + (*row)->text.size();
      continue;
    }
    const bool is_header = header;
    header = false;
    if (is_header) {
      if (auto taken = take_header((*row)->text); !taken) return at_line(taken.error());
      if (format_ == TableFormat::csv) continue;
    }
    if (auto checked = check((*row)->text, cells); !checked) return at_line(checked.error());
    if (rows_++ % kRowsPerBlock == 0) starts_.push_back((*row)->start);
    end_ = (*row)->start + (*row)->text.size();
  }
  if (rows_ == 0) return usage_error("it holds no row");
  return {};
}

bool DiskTable::load(std::uint64_t number, Block& block) const {
  block = {};
  const std::uint64_t start = starts_[number], end = number + 1 < starts_.size() ? starts_[number + 1] : end_;
  std::string text(end - start, '\0');
  if (read_at(file_.get(), start, text.data(), text.size()) != text.size()) return false;
  std::vector<std::string> cells;
  bool quoted = false;
  for (std::size_t at = 0, i = 0; i < text.size(); ++i) {
    if (text[i] == '"' && format_ == TableFormat::csv) quoted = !quoted;
    const bool last = i + 1 == text.size();
    if ((text[i] != '\n' || quoted) && !last) continue;
    const std::string_view row = std::string_view(text).substr(at, i + 1 - at);
    at = i + 1;
    if (is_no_row(row)) continue;
    if (format_ == TableFormat::ndjson) {
      block.cells.emplace_back(row);
    } else if (read_csv_row(row, cells).ok() && cells.size() == columns_.size()) {
      std::move(cells.begin(), cells.end(), std::back_inserter(block.cells));
    } else {
      return false;
    }
  }
  block.table = id_;
  block.number = number;
  return true;
}

bool DiskTable::append_cell(std::uint64_t row, std::size_t column, Escape escape, std::string& out) const {
  thread_local std::vector<Block> blocks;  // the last one of each table
  const std::uint64_t number = row / kRowsPerBlock, inside = row % kRowsPerBlock;
  auto kept = std::find_if(blocks.begin(), blocks.end(), [&](const Block& block) { return block.table == id_; });
  if (kept == blocks.end()) kept = blocks.insert(blocks.end(), Block{});
  if (kept->table != id_ || kept->number != number) {
    if (!load(number, *kept)) return false;
  }
  if (format_ == TableFormat::ndjson) {
    return inside < kept->cells.size() && reader_->append_cell(kept->cells[inside], column, escape, out);
  }
  const std::size_t place = inside * columns_.size() + column;
  if (place >= kept->cells.size()) return false;
  append_escaped(out, kept->cells[place], escape);
  return true;
}

}  // namespace

Result<std::shared_ptr<const Table>> open_disk_table(const std::string& path, TableFormat format) {
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return system_error("open " + path, errno);
  auto table = std::make_shared<DiskTable>(std::move(file), format);
  if (auto scanned = table->scan(); !scanned) return scanned.error();
  return std::shared_ptr<const Table>(std::move(table));
}

}  // namespace tidegate::loadgen
