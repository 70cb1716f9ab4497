#pragma once
// Sans-I/O HTTP/1.1 parsers (RFC 9112), strict: what the RFC calls an error is a ParseError, never a guess.
// Bytes come in as they arrive; the parser keeps what it needs and no more.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/http/message.hpp"

namespace tidegate::http {

enum class ParseError : std::uint8_t {
  none,
  bad_start_line,
  bad_version,
  bad_header,
  bad_content_length,       ///< not a number, negative, two that differ
  conflicting_framing,      ///< Content-Length with Transfer-Encoding
  unknown_transfer_coding,
  bad_chunk,
  header_too_large,
  too_many_headers,
  body_too_large,
  early_close,              ///< the connection ended inside a message
};
std::string_view to_string(ParseError error) noexcept;

enum class ParseStatus : std::uint8_t { need_more, done, failed };

/// Responses, for the load engine and the client. One object serves a connection for its life: reset() between
/// messages keeps its memory. Interim 1xx answers are skipped. The fast path (a whole response with Content-Length in
/// one read) takes one pass and no allocation.
class ResponseParser {
 public:
  struct Options {
    Limits limits{16 * 1024, 100, 16 * 1024 * 1024};
    bool keep_body = true;     ///< else the body is counted and dropped, and body() is empty
  };
  ResponseParser() = default;
  explicit ResponseParser(Options options) : options_(options) {}

  /// Before each response. `head`: the request was HEAD, so there is no body.
  void reset(bool head = false, bool keep_body = true) noexcept;
  /// Feeds the next bytes of the connection; `consumed` says how many belong to this response.
  ParseStatus feed(std::string_view bytes, std::size_t& consumed);
  /// The peer closed. done when the body runs to the end of the connection, else failed(early_close).
  ParseStatus finish();

  int status() const noexcept { return status_; }
  bool keep_alive() const noexcept { return keep_alive_; }
  ParseError error() const noexcept { return error_; }
  /// Valid after done, until reset.
  std::string_view body() const noexcept { return body_; }
  std::uint64_t body_bytes() const noexcept { return body_bytes_; }
  /// First value of a header (case-insensitive), valid after done, until reset.
  std::optional<std::string_view> header(std::string_view name) const noexcept;
  /// All headers in order, valid after done, until reset.
  std::vector<HeaderView> headers() const;
  /// True once any byte of the current response was fed.
  bool started() const noexcept { return started_; }

 private:
  friend struct ResponseParserImplementation;
  enum class Stage : std::uint8_t { head, body_length, body_close, chunk_size, chunk_data, chunk_end, trailers, done, failed };
  struct Span {
    std::uint32_t name_offset, name_size, value_offset, value_size;
  };
  Options options_;
  Stage stage_ = Stage::head;
  ParseError error_ = ParseError::none;
  int status_ = 0;
  bool keep_alive_ = true, head_request_ = false, keep_body_ = true, started_ = false;
  std::uint64_t remaining_ = 0, body_bytes_ = 0;
  std::string head_;         // raw head of the current response
  std::vector<Span> spans_;  // into head_
  std::string body_;
  std::string line_;         // a partial chunk-size or trailer line
};

/// Requests, for servers. Same rules.
class RequestParser {
 public:
  explicit RequestParser(Limits limits = {}) : limits_(limits) {}

  void reset() noexcept;
  ParseStatus feed(std::string_view bytes, std::size_t& consumed);
  ParseError error() const noexcept { return error_; }
  /// The status a server answers the error with: 400, 413, 431, 501 or 505.
  int error_status() const noexcept;
  bool keep_alive() const noexcept { return keep_alive_; }
  /// The head is complete, the client waits for 100 Continue, and no body byte has come.
  bool expects_continue() const noexcept;
  bool started() const noexcept { return started_; }
  /// Valid after done, until reset.
  const Request& request() const noexcept { return request_; }

 private:
  friend struct RequestParserImplementation;
  enum class Stage : std::uint8_t { head, body_length, chunk_size, chunk_data, chunk_end, trailers, done, failed };
  Limits limits_;
  Stage stage_ = Stage::head;
  ParseError error_ = ParseError::none;
  bool keep_alive_ = true, continue_ = false, started_ = false;
  std::uint64_t remaining_ = 0;
  std::string head_, body_, line_;
  std::vector<HeaderView> headers_;
  Request request_;
};

}  // namespace tidegate::http
