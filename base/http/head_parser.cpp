#include "base/http/head_parser.hpp"

#include <algorithm>

#include "base/http/characters.hpp"

namespace tidegate::http {

namespace {

/// A target is a path, an absolute URL (which servers must accept), "*" or, for CONNECT, a host and port.
bool valid_target(std::string_view method, std::string_view target) {
  if (target.front() == '/') return true;
  if (method == "CONNECT") return true;
  if (target == "*") return method == "OPTIONS";
  return target.size() > 7 && same_name(target.substr(0, 7), "http://");
}

}  // namespace

void HeadParser::reset() noexcept {
  error_ = ParseError::none;
  start_line_done_ = false;
  framing_ = {};
  parsed_ = 0;
  bytes_.clear();
  fields_.clear();
}

HeaderView HeadParser::view(const Field& field) const noexcept {
  const std::string_view head = bytes_;
  return {head.substr(field.name_offset, field.name_size), head.substr(field.value_offset, field.value_size)};
}

ParseStatus HeadParser::feed(std::string_view bytes, const Limits& limits, std::size_t& consumed) {
  if (bytes_.empty()) {
    const ParseStatus status = parse(bytes, limits);
    consumed = status == ParseStatus::done ? parsed_ : bytes.size();
    if (status == ParseStatus::failed) {
      fields_.clear();  // they point into bytes that are not kept
    } else {
      bytes_.assign(bytes.data(), consumed);
    }
    return status;
  }
  const std::size_t before = bytes_.size();
  // One byte over the limit is enough to see that it is exceeded.
  const std::size_t room = limits.header_bytes + 1 - before;
  bytes_.append(bytes.data(), std::min(bytes.size(), room));
  const ParseStatus status = parse(bytes_, limits);
  if (status == ParseStatus::done) bytes_.resize(parsed_);
  consumed = status == ParseStatus::done ? parsed_ - before : bytes.size();
  return status;
}

ParseStatus HeadParser::parse(std::string_view text, const Limits& limits) {
  Cursor cursor{text.data(), text.data() + parsed_, text.data() + std::min(text.size(), limits.header_bytes)};
  for (;;) {
    switch (parse_line(cursor, limits)) {
      case Step::line:
        parsed_ = cursor.offset(cursor.at);
        break;
      case Step::end_of_head:
        parsed_ = cursor.offset(cursor.at);
        error_ = framing_.check(kind_ == Kind::request, minor_version_);
        return error_ == ParseError::none ? ParseStatus::done : ParseStatus::failed;
      case Step::incomplete:
        if (text.size() <= limits.header_bytes) return ParseStatus::need_more;
        error_ = ParseError::header_too_large;
        return ParseStatus::failed;
      case Step::failed:
        return ParseStatus::failed;
    }
  }
}

HeadParser::Step HeadParser::parse_line(Cursor& cursor, const Limits& limits) {
  if (!start_line_done_) return kind_ == Kind::request ? parse_request_line(cursor) : parse_status_line(cursor);
  if (cursor.at == cursor.end) return Step::incomplete;
  if (*cursor.at == '\r') {
    const Step step = end_line(cursor, ParseError::bad_header);
    return step == Step::line ? Step::end_of_head : step;
  }
  if (fields_.size() >= limits.headers) return fail(ParseError::too_many_headers);
  return parse_field(cursor);
}

HeadParser::Step HeadParser::parse_request_line(Cursor& cursor) {
  if (cursor.at == cursor.end) return Step::incomplete;
  // Empty lines before a request are skipped, for clients that send one too many after a body (RFC 9112 section 2.2).
  if (*cursor.at == '\r') return end_line(cursor, ParseError::bad_start_line);

  const char* const method = cursor.at;
  while (cursor.at != cursor.end && is_in(token_bytes, *cursor.at)) ++cursor.at;
  if (cursor.at == cursor.end) return Step::incomplete;
  if (cursor.at == method || *cursor.at != ' ') return fail(ParseError::bad_start_line);
  method_offset_ = cursor.offset(method);
  method_size_ = static_cast<std::uint32_t>(cursor.at - method);

  const char* const target = ++cursor.at;
  while (cursor.at != cursor.end && is_target_byte(*cursor.at)) ++cursor.at;
  if (cursor.at == cursor.end) return Step::incomplete;
  if (cursor.at == target || *cursor.at != ' ') return fail(ParseError::bad_start_line);
  target_offset_ = cursor.offset(target);
  target_size_ = static_cast<std::uint32_t>(cursor.at - target);
  if (!valid_target({method, method_size_}, {target, target_size_})) return fail(ParseError::bad_start_line);

  ++cursor.at;
  if (const Step step = parse_version(cursor); step != Step::line) return step;
  const Step step = end_line(cursor, ParseError::bad_start_line);
  start_line_done_ = step == Step::line;
  return step;
}

HeadParser::Step HeadParser::parse_status_line(Cursor& cursor) {
  if (const Step step = parse_version(cursor); step != Step::line) return step;
  int status = 0;
  for (int i = 0; i < 5; ++i, ++cursor.at) {
    if (cursor.at == cursor.end) return Step::incomplete;
    const bool separator = i == 0 || i == 4;
    if (separator ? *cursor.at != ' ' : !is_digit(*cursor.at)) return fail(ParseError::bad_start_line);
    if (!separator) status = status * 10 + (*cursor.at - '0');
  }
  if (status < 100) return fail(ParseError::bad_start_line);
  cursor.at = find_control(cursor.at, cursor.end);
  const Step step = end_line(cursor, ParseError::bad_start_line);
  start_line_done_ = step == Step::line;
  status_ = static_cast<std::uint16_t>(status);
  return step;
}

HeadParser::Step HeadParser::parse_version(Cursor& cursor) {
  for (const char expected : std::string_view("HTTP/")) {
    if (cursor.at == cursor.end) return Step::incomplete;
    if (*cursor.at++ != expected) return fail(ParseError::bad_start_line);
  }
  if (cursor.at == cursor.end) return Step::incomplete;
  if (!is_digit(*cursor.at)) return fail(ParseError::bad_start_line);
  if (*cursor.at++ != '1') return fail(ParseError::bad_version);
  if (cursor.at == cursor.end) return Step::incomplete;
  if (*cursor.at++ != '.') return fail(ParseError::bad_start_line);
  if (cursor.at == cursor.end) return Step::incomplete;
  if (!is_digit(*cursor.at)) return fail(ParseError::bad_start_line);
  // A later minor version is understood as 1.1 (RFC 9110 section 2.5).
  minor_version_ = *cursor.at++ == '0' ? 0 : 1;
  return Step::line;
}

HeadParser::Step HeadParser::parse_field(Cursor& cursor) {
  // Whitespace is no token byte: this refuses folded lines and whitespace before the colon.
  const char* const name = cursor.at;
  while (cursor.at != cursor.end && is_in(token_bytes, *cursor.at)) ++cursor.at;
  if (cursor.at == cursor.end) return Step::incomplete;
  if (cursor.at == name || *cursor.at != ':') return fail(ParseError::bad_header);
  const std::string_view name_text(name, static_cast<std::size_t>(cursor.at - name));

  const char* const value = ++cursor.at;
  cursor.at = find_control(value, cursor.end);
  const char* const value_end = cursor.at;
  if (const Step step = end_line(cursor, ParseError::bad_header); step != Step::line) return step;
  const std::string_view value_text = trimmed({value, static_cast<std::size_t>(value_end - value)});

  fields_.push_back({cursor.offset(name), static_cast<std::uint32_t>(name_text.size()),
                     cursor.offset(value_text.data()), static_cast<std::uint32_t>(value_text.size())});
  const ParseError error = framing_.apply(name_text, value_text);
  return error == ParseError::none ? Step::line : fail(error);
}

HeadParser::Step HeadParser::end_line(Cursor& cursor, ParseError otherwise) {
  if (cursor.at == cursor.end) return Step::incomplete;
  if (*cursor.at != '\r') return fail(otherwise);
  if (cursor.end - cursor.at < 2) return Step::incomplete;
  if (cursor.at[1] != '\n') return fail(otherwise);
  cursor.at += 2;
  return Step::line;
}

HeadParser::Step HeadParser::fail(ParseError error) noexcept {
  error_ = error;
  return Step::failed;
}

}  // namespace tidegate::http
