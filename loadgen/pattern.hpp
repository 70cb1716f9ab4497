#pragma once
// Regular expressions on answers: RE2's syntax, time linear in the text, compiled once.

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace tidegate::loadgen {

/// Immutable; safe to use from any thread.
class Pattern {
 public:
  /// The error says what is wrong with the expression.
  static Result<std::shared_ptr<const Pattern>> compile(const std::string& text);
  ~Pattern();
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;

  /// Whether it matches anywhere in the text.
  bool found_in(std::string_view text) const;
  /// The first group of the first match, or the whole match when it has no group; a view into the text.
  std::optional<std::string_view> first_group(std::string_view text) const;

 private:
  struct Compiled;
  explicit Pattern(std::unique_ptr<Compiled> compiled);
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace tidegate::loadgen
