#include "loadgen/template.hpp"

#include <algorithm>

#include "base/http/characters.hpp"
#include "loadgen/json_path.hpp"
#include "loadgen/quotes.hpp"

namespace tidegate::loadgen {
namespace {

template <typename Keep>
void append_percent_encoded(std::string& out, std::string_view value, Keep keep) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  for (const char c : value) {
    if (keep(c)) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += {'%', kHex[byte >> 4], kHex[byte & 0xF]};
    }
  }
}

void append_header_value(std::string& out, std::string_view value) {
  const auto start = static_cast<std::ptrdiff_t>(out.size());
  out.append(value);
  std::replace_if(out.begin() + start, out.end(), http::is_control, ' ');
}

void append_json_value(std::string& out, std::string_view value, bool number) {
  if (number) {
    out.append(value);
    return;
  }
  out += '"';
  append_json_escaped(out, value);
  out += '"';
}

}  // namespace

void Template::append_literal(std::string_view text) {
  if (text.empty()) return;
  if (pieces_.empty() || pieces_.back().slot) pieces_.emplace_back();
  pieces_.back().literal.append(text);
}

void Template::append_slot(Slot slot, Escape escape) {
  pieces_.push_back({{}, std::move(slot), escape});
}

void Template::append(const Template& other) {
  for (const Piece& piece : other.pieces_) {
    if (piece.slot) {
      pieces_.push_back(piece);
    } else {
      append_literal(piece.literal);
    }
  }
}

bool Template::numeric() const noexcept {
  if (pieces_.size() != 1 || !pieces_[0].slot) return false;
  const Slot& slot = *pieces_[0].slot;
  return slot.source == Slot::Source::integer || slot.source == Slot::Source::real ||
         slot.source == Slot::Source::counter || (slot.source == Slot::Source::now && slot.low != Slot::kRfc3339) ||
         (slot.source == Slot::Source::pick && slot.numeric_choices);
}

bool Template::plain() const noexcept {
  return numeric() || (pieces_.size() == 1 && pieces_[0].slot && pieces_[0].slot->source == Slot::Source::uuid);
}

bool Template::uses(Slot::Source source) const noexcept {
  bool found = false;
  each_slot([&](const Slot& slot) { found = found || slot.source == source; });
  return found;
}

void Template::append_escaped_literal(std::string_view text, Escape escape) {
  std::string escaped;
  append_escaped(escaped, text, escape);
  append_literal(escaped);
}

std::string Template::outline() const {
  std::string out;
  for (const Piece& piece : pieces_) out += piece.slot ? "{" + piece.slot->name + "}" : piece.literal;
  return out;
}

void append_escaped(std::string& out, std::string_view value, Escape escape, bool number) {
  switch (escape) {
    case Escape::none:
      out.append(value);
      return;
    case Escape::form:
    case Escape::target:
      append_percent_encoded(out, value, [](char c) { return http::is_in(http::unreserved_bytes, c); });
      return;
    case Escape::whole_target:
      append_percent_encoded(out, value, http::is_target_byte);
      return;
    case Escape::header:
      append_header_value(out, value);
      return;
    case Escape::json_string:
      append_json_escaped(out, value);
      return;
    case Escape::json_value:
      append_json_value(out, value, number);
      return;
  }
}

std::size_t slot_length(std::string_view text) noexcept {
  return first_outside_quotes(text, [](char c) { return c == '}'; });
}

}  // namespace tidegate::loadgen
