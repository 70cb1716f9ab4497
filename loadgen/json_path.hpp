#pragma once
// JSON paths compiled once, and looked up in a JSON text in one pass without building a tree.
// The language: `$`, `.name`, `['any name']`, `[0]`. Anything more is an error that says so.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace tidegate::loadgen {

/// A place in a JSON text. `raw` views the text: of a string what stands between its quotes, escapes unread.
struct JsonSlice {
  enum class Type : std::uint8_t { string, number, boolean, null, object, array };
  Type type = Type::null;
  std::string_view raw;
  bool escaped = false;  ///< the string holds escapes

  bool is_scalar() const noexcept { return type != Type::object && type != Type::array; }
  /// Appends the value as text: a string without quotes and escapes, anything else as written.
  void append_text(std::string& out) const;
};

class JsonPath {
 public:
  JsonPath() = default;
  static Result<JsonPath> parse(std::string_view text);
  /// The member of the outermost object with that name, whatever it holds.
  static JsonPath of_member(std::string_view name);

  /// The value at the path, or nothing when it is not there or the text is not JSON up to the end of the value. What
  /// follows the value is not looked at. Of equal keys the first counts. Nesting beyond 64 levels is not JSON here.
  std::optional<JsonSlice> find(std::string_view json) const;
  const std::string& text() const noexcept { return text_; }

 private:
  struct Segment {
    std::string key;
    std::size_t index = 0;
    bool is_key = true;
  };
  std::string text_;
  std::vector<Segment> segments_;
};

/// Appends `text` with what a JSON string must escape, escaped; without quotes. Bytes that are not UTF-8 become U+FFFD.
void append_json_escaped(std::string& out, std::string_view text);

}  // namespace tidegate::loadgen
