#include "base/http/parse_error.hpp"

namespace tidegate::http {

std::string_view to_string(ParseError error) noexcept {
  switch (error) {
    case ParseError::none:
      return "none";
    case ParseError::bad_start_line:
      return "bad_start_line";
    case ParseError::bad_version:
      return "bad_version";
    case ParseError::bad_header:
      return "bad_header";
    case ParseError::bad_content_length:
      return "bad_content_length";
    case ParseError::conflicting_framing:
      return "conflicting_framing";
    case ParseError::unknown_transfer_coding:
      return "unknown_transfer_coding";
    case ParseError::bad_chunk:
      return "bad_chunk";
    case ParseError::header_too_large:
      return "header_too_large";
    case ParseError::too_many_headers:
      return "too_many_headers";
    case ParseError::body_too_large:
      return "body_too_large";
    case ParseError::early_close:
      return "early_close";
  }
  return "none";
}

}  // namespace tidegate::http
