#pragma once
// One line of an export as the members that a reader wants. Exports run to tens of millions of lines, so this is a
// single pass without allocation; simdjson does the parsing.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace tidegate::audit {

struct Member {
  enum class Type : std::uint8_t {
    text,        ///< a string
    identifier,  ///< a string, or a whole number, whose digits are its text
    integer,     ///< a whole number within 64 bits
  };
  enum class Need : std::uint8_t { required, optional };

  std::string_view name;
  Type type = Type::text;
  Need need = Need::required;

  bool present = false;     ///< and not null
  std::string_view text{};  ///< valid until the next line
  std::int64_t number = 0;
};

class LineParser {
 public:
  LineParser();
  ~LineParser();
  LineParser(const LineParser&) = delete;
  LineParser& operator=(const LineParser&) = delete;

  /// Fills the members; others are passed over. The line has record::kLinePadding readable bytes behind it. False with
  /// `problem()` set when the line is not a JSON object, a required member is missing, or one is of another type.
  bool parse(std::string_view line, std::span<Member> members);
  const std::string& problem() const { return problem_; }

 private:
  struct State;
  std::unique_ptr<State> state_;
  std::string problem_;
};

}  // namespace tidegate::audit
