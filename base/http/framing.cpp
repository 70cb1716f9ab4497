#include "base/http/framing.hpp"

#include <charconv>

#include "base/http/characters.hpp"
#include "base/http/message.hpp"

namespace tidegate::http {

ParseError Framing::apply(std::string_view name, std::string_view value) noexcept {
  // By length first: most fields of most messages are none of these, and one comparison must be enough to know.
  switch (name.size()) {
    case 4:
      return same_name(name, "host") ? apply_host(value) : ParseError::none;
    case 6:
      if (same_name(name, "expect") && same_name(value, "100-continue")) expects_continue = true;
      return ParseError::none;
    case 10:
      if (same_name(name, "connection")) apply_connection(value);
      return ParseError::none;
    case 14:
      return same_name(name, "content-length") ? apply_content_length(value) : ParseError::none;
    case 17:
      return same_name(name, "transfer-encoding") ? apply_transfer_encoding(value) : ParseError::none;
    default:
      return ParseError::none;
  }
}

ParseError Framing::check(bool is_request, int minor_version) const noexcept {
  if (chunked && (has_length || minor_version == 0)) return ParseError::conflicting_framing;
  if (is_request && (hosts > 1 || (hosts == 0 && minor_version > 0))) return ParseError::bad_header;
  return ParseError::none;
}

ParseError Framing::apply_content_length(std::string_view value) noexcept {
  // Repeated fields and lists of one and the same number are one number (RFC 9110 section 8.6).
  do {
    const std::string_view element = take_element(value);
    if (element.empty() || !is_digit(element.front())) return ParseError::bad_content_length;
    std::uint64_t length = 0;
    const auto [end, error] = std::from_chars(element.data(), element.data() + element.size(), length);
    if (error != std::errc{} || end != element.data() + element.size()) return ParseError::bad_content_length;
    if (has_length && length != content_length) return ParseError::bad_content_length;
    content_length = length;
    has_length = true;
  } while (!value.empty());
  return ParseError::none;
}

ParseError Framing::apply_transfer_encoding(std::string_view value) noexcept {
  // "chunked" twice, in one field or in two, is a coding that nobody knows.
  if (chunked || !same_name(value, "chunked")) return ParseError::unknown_transfer_coding;
  chunked = true;
  return ParseError::none;
}

ParseError Framing::apply_host(std::string_view value) noexcept {
  if (hosts < 2) ++hosts;
  for (const char c : value) {
    if (!is_in(authority_bytes, c)) return ParseError::bad_header;
  }
  return ParseError::none;
}

void Framing::apply_connection(std::string_view value) noexcept {
  while (!value.empty()) {
    const std::string_view element = take_element(value);
    if (same_name(element, "close")) close = true;
    if (same_name(element, "keep-alive")) keep_alive = true;
  }
}

}  // namespace tidegate::http
