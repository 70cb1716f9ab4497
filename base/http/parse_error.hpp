#pragma once
// Why a message was refused, and how far a parser has come.

#include <cstdint>
#include <string_view>

namespace tidegate::http {

enum class ParseError : std::uint8_t {
  none,
  bad_start_line,
  bad_version,
  bad_header,               ///< also: a request without Host or with two
  bad_content_length,       ///< not a number, negative, two that differ
  conflicting_framing,      ///< Content-Length with Transfer-Encoding, or Transfer-Encoding in HTTP/1.0
  unknown_transfer_coding,  ///< anything but a single "chunked"
  bad_chunk,
  header_too_large,
  too_many_headers,
  body_too_large,
  early_close,  ///< the connection ended inside a message
};
/// The enumerator's name, for counters and messages.
std::string_view to_string(ParseError error) noexcept;

enum class ParseStatus : std::uint8_t { need_more, done, failed };

}  // namespace tidegate::http
