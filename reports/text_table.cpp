#include "reports/text_table.hpp"

#include <algorithm>
#include <numeric>

#include "base/assert.hpp"
#include "reports/visible_text.hpp"

namespace tidegate::reports {
namespace {

constexpr std::size_t kIndent = 2;
constexpr std::size_t kGap = 2;
constexpr std::size_t kNarrowest = 8;  // no name is shortened below this
constexpr std::size_t kNoteIndent = 6;

std::string_view sequence_of(Style style) {
  switch (style) {
    case Style::plain:
      return {};
    case Style::dim:
      return "\x1b[2m";
    case Style::bold:
      return "\x1b[1m";
    case Style::heading:
      return "\x1b[1;36m";
    case Style::good:
      return "\x1b[32m";
    case Style::bad:
      return "\x1b[1;31m";
    case Style::doubtful:
      return "\x1b[33m";
  }
  TIDEGATE_ASSERT(false);
  return {};
}

/// Bold white on the style's background, black where that would not be readable.
std::string_view badge_sequence(Style style) {
  switch (style) {
    case Style::good:
      return "\x1b[1;97;42m";
    case Style::bad:
      return "\x1b[1;97;41m";
    case Style::doubtful:
      return "\x1b[1;30;43m";
    default:
      return "\x1b[1;7m";
  }
}

}  // namespace

std::string Painter::paint(std::string_view text, Style style) const {
  const std::string_view sequence = sequence_of(style);
  if (!colour_ || sequence.empty() || text.empty()) return std::string(text);
  return std::string(sequence) + std::string(text) + "\x1b[0m";
}

std::string Painter::badge(std::string_view text, Style style) const {
  if (!colour_) return std::string(text);
  return std::string(badge_sequence(style)) + " " + std::string(text) + " \x1b[0m";
}

void TextTable::add(std::vector<Cell> cells) {
  TIDEGATE_ASSERT(cells.size() == columns_.size());
  for (Cell& cell : cells) cell.text = visible_text(cell.text);
  rows_.push_back({std::move(cells), {}});
}

void TextTable::note(std::string text, Style style) {
  TIDEGATE_ASSERT(!rows_.empty());
  rows_.back().notes.push_back({visible_text(text), style});
}

std::vector<std::size_t> TextTable::widths(std::size_t width) const {
  std::vector<std::size_t> out(columns_.size(), 0);
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    for (const Row& row : rows_) out[i] = std::max(out[i], column_width(row.cells[i].text));
    if (out[i] > 0) out[i] = std::max(out[i], column_width(columns_[i].head));
  }
  const auto total = [&out] {
    std::size_t sum = kIndent;
    for (const std::size_t one : out) sum += one == 0 ? 0 : one + kGap;
    return sum;
  };
  // Names give way, numbers do not: a shortened number is a wrong one.
  const auto room_to_give = [&](std::size_t i) { return columns_[i].align == Align::right ? 0 : out[i]; };
  while (total() > width + kGap) {
    std::size_t widest = 0;
    for (std::size_t i = 1; i < out.size(); ++i) {
      if (room_to_give(i) > room_to_give(widest)) widest = i;
    }
    if (room_to_give(widest) <= kNarrowest) break;
    --out[widest];
  }
  return out;
}

std::string TextTable::render_row(const std::vector<Cell>& cells, const std::vector<std::size_t>& widths,
                                  const Painter& painter) const {
  std::string line(kIndent, ' ');
  std::size_t pending = 0;  // spaces that are written only when more text follows
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (widths[i] == 0) continue;
    const std::string text = shortened(cells[i].text, widths[i]);
    const std::size_t padding = widths[i] - std::min(widths[i], column_width(text));
    const bool right = columns_[i].align == Align::right;
    if (!text.empty()) {
      line.append(pending + (right ? padding : 0), ' ');
      line += painter.paint(text, cells[i].style);
      pending = 0;
    }
    pending += text.empty() ? widths[i] + kGap : kGap + (right ? 0 : padding);
  }
  return line + "\n";
}

std::string TextTable::render(const Painter& painter, std::size_t width) const {
  const std::vector<std::size_t> column_widths = widths(width);
  std::vector<Cell> head;
  for (const Column& column : columns_) head.push_back({column.head, Style::dim});
  std::string out = render_row(head, column_widths, painter);
  for (const Row& row : rows_) {
    out += render_row(row.cells, column_widths, painter);
    for (const Cell& note : row.notes) {
      for (const std::string& line : wrapped(note.text, width - kNoteIndent)) {
        out += std::string(kNoteIndent, ' ') + painter.paint(line, note.style) + "\n";
      }
    }
  }
  return out;
}

}  // namespace tidegate::reports
