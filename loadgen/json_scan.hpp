#pragma once
// One forward pass over a JSON text (RFC 8259). Internal to json_path.cpp.

#include <optional>
#include <string_view>

#include "loadgen/json_path.hpp"

namespace tidegate::loadgen {

/// Every step returns false, or nothing, at the first byte that cannot be JSON; the scanner is of no use afterwards.
class JsonScanner {
 public:
  static constexpr int kDeepest = 64;

  explicit JsonScanner(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

  /// The next value, whole.
  std::optional<JsonSlice> value(int depth = 0);
  /// Stands at an object: moves to the value of the first member with that key.
  bool enter_member(std::string_view key, int depth);
  /// Stands at an array: moves to the element.
  bool enter_element(std::size_t index, int depth);

 private:
  void skip_space() noexcept {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
  }
  bool take(char c) noexcept {
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }
  bool take_word(std::string_view word) noexcept;
  bool take_digits() noexcept;
  std::optional<JsonSlice> string();
  std::optional<JsonSlice> number();
  /// The value with its first byte still ahead, from `start` to where the scanner stands after it.
  bool skip_collection(char close, bool members, int depth);

  const char* at_;
  const char* end_;
};

}  // namespace tidegate::loadgen
