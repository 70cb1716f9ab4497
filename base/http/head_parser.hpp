#pragma once
// The head of a message: start line and header fields (RFC 9112 sections 2 to 5). Internal to base/http.
//
// Bytes are judged from left to right, and the first one that cannot belong decides the error, so the outcome does not
// depend on how the bytes were split. A head that arrives whole is parsed where it lies, in one pass, and then copied
// once; a head in pieces is gathered first, and parsing resumes at the first line that is not complete.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/http/framing.hpp"
#include "base/http/message.hpp"
#include "base/http/parse_error.hpp"

namespace tidegate::http {

class HeadParser {
 public:
  enum class Kind : std::uint8_t { request, response };
  /// Offsets into the head, so that they survive its copy.
  struct Field {
    std::uint32_t name_offset, name_size, value_offset, value_size;
  };

  explicit HeadParser(Kind kind) : kind_(kind) {}

  /// Forgets the message and keeps the memory.
  void reset() noexcept;
  /// `consumed` says how many bytes belong to this head.
  ParseStatus feed(std::string_view bytes, const Limits& limits, std::size_t& consumed);
  ParseError error() const noexcept { return error_; }

  // Valid after done, until reset.
  const Framing& framing() const noexcept { return framing_; }
  int minor_version() const noexcept { return minor_version_; }
  int status() const noexcept { return status_; }
  std::string_view method() const noexcept { return std::string_view(bytes_).substr(method_offset_, method_size_); }
  std::string_view target() const noexcept { return std::string_view(bytes_).substr(target_offset_, target_size_); }
  std::span<const Field> fields() const noexcept { return fields_; }
  HeaderView view(const Field& field) const noexcept;

 private:
  enum class Step : std::uint8_t { line, end_of_head, incomplete, failed };
  struct Cursor {
    const char* base;
    const char* at;
    const char* end;
    std::uint32_t offset(const char* place) const noexcept { return static_cast<std::uint32_t>(place - base); }
  };

  ParseStatus parse(std::string_view text, const Limits& limits);
  Step parse_line(Cursor& cursor, const Limits& limits);
  Step parse_request_line(Cursor& cursor);
  Step parse_status_line(Cursor& cursor);
  Step parse_field(Cursor& cursor);
  Step parse_version(Cursor& cursor);
  Step end_line(Cursor& cursor, ParseError otherwise);
  Step fail(ParseError error) noexcept;

  Kind kind_;
  ParseError error_ = ParseError::none;
  bool start_line_done_ = false;
  std::uint8_t minor_version_ = 1;
  std::uint16_t status_ = 0;
  std::uint32_t method_offset_ = 0, method_size_ = 0, target_offset_ = 0, target_size_ = 0;
  Framing framing_;
  std::size_t parsed_ = 0;  // the offset of the first line not yet parsed
  std::string bytes_;       // the head, as far as it is here
  std::vector<Field> fields_;
};

}  // namespace tidegate::http
