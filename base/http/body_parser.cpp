#include "base/http/body_parser.hpp"

#include <algorithm>
#include <limits>

#include "base/http/characters.hpp"

namespace tidegate::http {

namespace {
// A connection that carried one large body gives its memory back; one that carries many small ones keeps it.
constexpr std::size_t kept_capacity = 256 * 1024;
}  // namespace

void BodyParser::reset() noexcept {
  stage_ = Stage::done;
  error_ = ParseError::none;
  bytes_ = 0;
  if (data_.capacity() > kept_capacity) {
    std::string().swap(data_);
  } else {
    data_.clear();
  }
}

ParseStatus BodyParser::start_length(std::uint64_t length, std::uint64_t limit) {
  limit_ = limit;
  remaining_ = length;
  stage_ = length == 0 ? Stage::done : Stage::length;
  if (length > limit) fail(ParseError::body_too_large);
  return status();
}

void BodyParser::start_chunked(std::uint64_t limit) noexcept {
  limit_ = limit;
  trailer_bytes_ = 0;
  trailers_ = 0;
  stage_ = Stage::size_first;
}

void BodyParser::start_until_close(std::uint64_t limit) noexcept {
  limit_ = limit;
  stage_ = Stage::until_close;
}

ParseStatus BodyParser::feed(std::string_view bytes, const Limits& limits, std::size_t& consumed) {
  std::size_t at = 0;
  while (at < bytes.size() && stage_ != Stage::done && stage_ != Stage::failed) {
    if (stage_ == Stage::length || stage_ == Stage::chunk || stage_ == Stage::until_close) {
      at += take_block(bytes.substr(at));
    } else {
      step(bytes[at++], limits);
    }
  }
  consumed = at;
  return status();
}

ParseStatus BodyParser::finish() noexcept {
  if (stage_ == Stage::until_close) stage_ = Stage::done;
  if (stage_ != Stage::done && stage_ != Stage::failed) fail(ParseError::early_close);
  return status();
}

std::size_t BodyParser::take_block(std::string_view bytes) {
  if (stage_ == Stage::until_close) {
    remaining_ = bytes.size();
    if (remaining_ > limit_ - bytes_) {
      fail(ParseError::body_too_large);
      return bytes.size();
    }
  }
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, bytes.size()));
  if (keep_) data_.append(bytes.data(), size);
  bytes_ += size;
  remaining_ -= size;
  if (remaining_ == 0 && stage_ == Stage::length) stage_ = Stage::done;
  if (remaining_ == 0 && stage_ == Stage::chunk) stage_ = Stage::chunk_end;
  return size;
}

void BodyParser::step(char c, const Limits& limits) {
  switch (stage_) {
    case Stage::size_first:
    case Stage::size:
    case Stage::extension:
      return step_size(c);
    case Stage::size_end:
      if (c != '\n') return fail(ParseError::bad_chunk);
      return begin_chunk();
    case Stage::chunk_end:
      return expect(c, '\r', Stage::chunk_end_lf);
    case Stage::chunk_end_lf:
      return expect(c, '\n', Stage::size_first);
    case Stage::trailer_first:
    case Stage::trailer_name:
    case Stage::trailer_value:
    case Stage::trailer_end:
      return step_trailer(c, limits);
    case Stage::message_end:
      return expect(c, '\n', Stage::done);
    case Stage::length:
    case Stage::until_close:
    case Stage::chunk:
    case Stage::done:
    case Stage::failed:
      return;
  }
}

void BodyParser::step_size(char c) {
  if (stage_ == Stage::size_first) {
    line_bytes_ = 0;
    remaining_ = 0;
  }
  if (++line_bytes_ >= chunk_line_limit) return fail(ParseError::bad_chunk);
  if (stage_ == Stage::extension) {
    if (c == '\r') {
      stage_ = Stage::size_end;
    } else if (is_control(c)) {
      fail(ParseError::bad_chunk);
    }
    return;
  }
  if (const int digit = hex_value(c); digit >= 0) {
    if (remaining_ > std::numeric_limits<std::uint64_t>::max() >> 4U) return fail(ParseError::bad_chunk);
    remaining_ = (remaining_ << 4U) | static_cast<std::uint64_t>(digit);
    stage_ = Stage::size;
    return;
  }
  if (stage_ == Stage::size_first) return fail(ParseError::bad_chunk);
  if (c == '\r') {
    stage_ = Stage::size_end;
  } else if (c == ';') {
    stage_ = Stage::extension;
  } else {
    fail(ParseError::bad_chunk);
  }
}

void BodyParser::begin_chunk() {
  if (remaining_ == 0) {
    stage_ = Stage::trailer_first;
  } else if (remaining_ > limit_ - bytes_) {
    fail(ParseError::body_too_large);
  } else {
    stage_ = Stage::chunk;
  }
}

void BodyParser::step_trailer(char c, const Limits& limits) {
  if (++trailer_bytes_ > limits.header_bytes) return fail(ParseError::header_too_large);
  switch (stage_) {
    case Stage::trailer_first:
      if (c == '\r') {
        stage_ = Stage::message_end;
      } else if (!is_in(token_bytes, c)) {
        fail(ParseError::bad_header);
      } else if (++trailers_ > limits.headers) {
        fail(ParseError::too_many_headers);
      } else {
        stage_ = Stage::trailer_name;
      }
      return;
    case Stage::trailer_name:
      if (c == ':') {
        stage_ = Stage::trailer_value;
      } else if (!is_in(token_bytes, c)) {
        fail(ParseError::bad_header);
      }
      return;
    case Stage::trailer_value:
      if (c == '\r') {
        stage_ = Stage::trailer_end;
      } else if (is_control(c)) {
        fail(ParseError::bad_header);
      }
      return;
    default:
      if (c != '\n') return fail(ParseError::bad_header);
      stage_ = Stage::trailer_first;
      return;
  }
}

void BodyParser::expect(char c, char expected, Stage next) {
  if (c != expected) return fail(ParseError::bad_chunk);
  stage_ = next;
}

void BodyParser::fail(ParseError error) noexcept {
  stage_ = Stage::failed;
  error_ = error;
}

ParseStatus BodyParser::status() const noexcept {
  if (stage_ == Stage::done) return ParseStatus::done;
  return stage_ == Stage::failed ? ParseStatus::failed : ParseStatus::need_more;
}

}  // namespace tidegate::http
