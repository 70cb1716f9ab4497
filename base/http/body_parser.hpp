#pragma once
// The body of a message: none, by length, chunked, or to the end of the connection (RFC 9112 sections 6 and 7).
// Internal to base/http.
//
// Data moves in blocks; chunk sizes and trailer fields go byte by byte through a state machine, which keeps no line
// and therefore needs no care where the bytes were split. Chunk extensions and trailer fields are checked and dropped.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/http/message.hpp"
#include "base/http/parse_error.hpp"

namespace tidegate::http {

class BodyParser {
 public:
  /// A chunk-size line with its extensions must be shorter than this.
  static constexpr std::size_t chunk_line_limit = 256;

  /// Forgets the message and keeps the memory, unless a large body made it much.
  void reset() noexcept;

  // One of these after reset. `limit` is for the whole body.
  void start_none() noexcept { stage_ = Stage::done; }
  ParseStatus start_length(std::uint64_t length, std::uint64_t limit);
  void start_chunked(std::uint64_t limit) noexcept;
  void start_until_close(std::uint64_t limit) noexcept;
  /// Else data is counted and dropped. Stays across reset.
  void keep(bool keep) noexcept { keep_ = keep; }

  /// `limits` holds for trailer fields.
  ParseStatus feed(std::string_view bytes, const Limits& limits, std::size_t& consumed);
  /// The peer closed.
  ParseStatus finish() noexcept;

  ParseError error() const noexcept { return error_; }
  bool done() const noexcept { return stage_ == Stage::done; }
  std::string_view data() const noexcept { return data_; }
  std::string take_data() noexcept { return std::move(data_); }
  std::uint64_t bytes() const noexcept { return bytes_; }

 private:
  enum class Stage : std::uint8_t {
    length,
    until_close,  // data
    size_first,
    size,
    extension,
    size_end,  // a chunk's first line
    chunk,
    chunk_end,
    chunk_end_lf,  // its data
    trailer_first,
    trailer_name,
    trailer_value,
    trailer_end,
    message_end,  // after the last chunk
    done,
    failed
  };

  std::size_t take_block(std::string_view bytes);
  void step(char c, const Limits& limits);
  void step_size(char c);
  void step_trailer(char c, const Limits& limits);
  void begin_chunk();
  void expect(char c, char expected, Stage next);
  void fail(ParseError error) noexcept;
  ParseStatus status() const noexcept;

  Stage stage_ = Stage::done;
  ParseError error_ = ParseError::none;
  bool keep_ = true;
  std::uint64_t limit_ = 0;
  std::uint64_t remaining_ = 0;  // of the length, or of the current chunk
  std::uint64_t bytes_ = 0;
  std::size_t line_bytes_ = 0;  // of the current chunk-size line
  std::size_t trailer_bytes_ = 0;
  std::size_t trailers_ = 0;
  std::string data_;
};

}  // namespace tidegate::http
