#pragma once
// Reads an expression from left to right and says where mistakes are; shared by the parsers of expressions and of
// selectors. After the first mistake nothing more is read.

#include <cctype>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gates/expression.hpp"

namespace tidegate::gates {

class TextCursor {
 public:
  TextCursor(std::string_view text, std::vector<SyntaxMistake>& mistakes) : text_(text), mistakes_(mistakes) {}

  std::size_t at() const { return at_; }
  std::string_view rest() const { return text_.substr(at_); }
  bool at_end() {
    skip_spaces();
    return at_ >= text_.size();
  }
  void advance(std::size_t count) { at_ += count; }

  std::nullopt_t refuse(std::size_t offset, std::string message, std::string suggestion = {}) {
    mistakes_.push_back({offset, std::move(message), std::move(suggestion)});
    return std::nullopt;
  }

  void skip_spaces() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
  }

  bool take(std::string_view token) {
    skip_spaces();
    if (!rest().starts_with(token)) return false;
    at_ += token.size();
    return true;
  }

  /// A whole word, so that `in` is not taken from `index`.
  bool take_word(std::string_view wanted) {
    const std::size_t before = at_;
    if (word() == wanted) return true;
    at_ = before;
    return false;
  }

  std::string_view word() {
    skip_spaces();
    const std::size_t start = at_;
    while (at_ < text_.size() && is_word(text_[at_])) ++at_;
    return text_.substr(start, at_ - start);
  }

  /// A word, or a text in quotes; `value_at` is where it begins. Empty when there is neither, after a mistake.
  std::optional<std::string> value(std::size_t& value_at, std::string_view after) {
    skip_spaces();
    value_at = at_;
    if (at_ < text_.size() && (text_[at_] == '"' || text_[at_] == '\'')) {
      const std::size_t end = text_.find(text_[at_], at_ + 1);
      if (end == std::string_view::npos) return refuse(at_, "the quote is not closed");
      std::string quoted(text_.substr(at_ + 1, end - at_ - 1));
      at_ = end + 1;
      return quoted;
    }
    const std::string_view plain = word();
    if (plain.empty()) return refuse(at_, "expected a value after '" + std::string(after) + "'");
    return std::string(plain);
  }

 private:
  static bool is_word(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == '-' || c == ':' || c == '/';
  }

  std::string_view text_;
  std::vector<SyntaxMistake>& mistakes_;
  std::size_t at_ = 0;
};

/// Reads a selector up to its closing brace, the opening one being taken already; false after a mistake.
bool parse_selector(TextCursor& cursor, const Vocabulary& vocabulary, Measure& measure);

}  // namespace tidegate::gates
