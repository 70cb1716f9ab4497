#pragma once
// Columns that line up, and lines that are coloured where colours are wanted.

#include <string>
#include <string_view>
#include <vector>

namespace tidegate::reports {

enum class Style { plain, dim, bold, heading, good, bad, doubtful };

/// Wraps texts into ANSI sequences, or leaves them as they are.
class Painter {
 public:
  explicit Painter(bool colour) : colour_(colour) {}
  std::string paint(std::string_view text, Style style) const;
  /// White on the style's colour, with a space at each side; without colours just the text.
  std::string badge(std::string_view text, Style style) const;

 private:
  bool colour_;
};

struct Cell {
  std::string text;
  Style style = Style::plain;
};

/// Rows of cells under a head. Notes belong to the row before them and take the whole width.
class TextTable {
 public:
  enum class Align { left, right };
  struct Column {
    std::string head;
    Align align = Align::left;
  };

  explicit TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {}
  void add(std::vector<Cell> cells);
  void note(std::string text, Style style);
  bool empty() const { return rows_.empty(); }
  /// Indented by two. Columns in which nothing stands are left out; the widest left-aligned texts are shortened until
  /// rows fit, or have become as narrow as can still be read.
  std::string render(const Painter& painter, std::size_t width) const;

 private:
  struct Row {
    std::vector<Cell> cells;
    std::vector<Cell> notes;
  };
  std::vector<std::size_t> widths(std::size_t width) const;
  std::string render_row(const std::vector<Cell>& cells, const std::vector<std::size_t>& widths,
                         const Painter& painter) const;

  std::vector<Column> columns_;
  std::vector<Row> rows_;
};

}  // namespace tidegate::reports
