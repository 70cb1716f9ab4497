#pragma once
// Sans-I/O HTTP/1.1 parsers (RFC 9112), strict: what the RFC calls an error is a ParseError, never a guess. Beyond the
// RFC's leave, a bare line feed is no line end, in either direction.
// Bytes come in as they arrive; the parser keeps what it needs and no more. However they were split, the outcome is the
// same. Not thread-safe.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/http/body_parser.hpp"
#include "base/http/head_parser.hpp"
#include "base/http/message.hpp"
#include "base/http/parse_error.hpp"

namespace tidegate::http {

/// Responses, for the load engine and the client. One object serves a connection for its life: reset() between
/// messages keeps its memory. Interim 1xx answers are skipped. A whole response with Content-Length in one read takes
/// one pass and no allocation, once the object has seen one as large.
/// A status 101, which nobody here asks for, is a response without a body after which the connection is useless.
class ResponseParser {
 public:
  struct Options {
    Limits limits{16 * 1024, 100, 16 * 1024 * 1024};
    bool keep_body = true;  ///< else the body is counted and dropped, body() is empty and limits.body_bytes is no limit
  };
  ResponseParser() : ResponseParser(Options()) {}
  explicit ResponseParser(Options options) : options_(options), keep_body_(options.keep_body) {}

  /// Before each response. `head`: the request was HEAD, so there is no body. A body is kept only when both this
  /// `keep_body` and that of the options say so.
  void reset(bool head = false, bool keep_body = true) noexcept;
  /// Feeds the next bytes of the connection; `consumed` says how many belong to this response. After done or failed,
  /// none do.
  ParseStatus feed(std::string_view bytes, std::size_t& consumed);
  /// The peer closed. done when the body runs to the end of the connection or all was there, else failed(early_close).
  ParseStatus finish();

  // Valid after done, until reset.
  int status() const noexcept { return head_.status(); }
  /// Whether the connection may carry another request.
  bool keep_alive() const noexcept { return keep_alive_; }
  ParseError error() const noexcept { return error_; }
  std::string_view body() const noexcept { return body_.data(); }
  /// The body, moved out: the next one of its size allocates again.
  std::string take_body() noexcept { return body_.take_data(); }
  /// Also of a body that was dropped. Chunk framing does not count.
  std::uint64_t body_bytes() const noexcept { return body_.bytes(); }
  /// First value of a header (case-insensitive).
  std::optional<std::string_view> header(std::string_view name) const noexcept;
  /// All headers in order.
  std::vector<HeaderView> headers() const;
  /// True once any byte of the current response was fed.
  bool started() const noexcept { return started_; }

 private:
  enum class Stage : std::uint8_t { head, body, done, failed };
  ParseStatus begin_body();
  ParseStatus settle(ParseStatus status, ParseError error) noexcept;

  Options options_;
  Stage stage_ = Stage::head;
  ParseError error_ = ParseError::none;
  bool keep_alive_ = true, head_request_ = false, keep_body_ = true, started_ = false;
  HeadParser head_{HeadParser::Kind::response};
  BodyParser body_;
};

/// Requests, for servers. Same rules.
class RequestParser {
 public:
  explicit RequestParser(Limits limits = {}) : limits_(limits) {}
  RequestParser(const RequestParser&) = delete;  // request() views into the object
  RequestParser& operator=(const RequestParser&) = delete;

  void reset() noexcept;
  /// `consumed` says how many bytes belong to this request. After done or failed, none do.
  ParseStatus feed(std::string_view bytes, std::size_t& consumed);
  ParseError error() const noexcept { return error_; }
  /// The status a server answers the error with: 400, 413, 431, 501 or 505.
  int error_status() const noexcept;
  /// Valid after done, until reset.
  bool keep_alive() const noexcept { return keep_alive_; }
  /// HTTP/1.0, whose clients take the connection for closed unless told otherwise. Valid after done, until reset.
  bool is_http_1_0() const noexcept { return head_.minor_version() == 0; }
  /// The head is complete, the client waits for 100 Continue, and no body byte has come.
  bool expects_continue() const noexcept;
  bool started() const noexcept { return started_; }
  /// Valid after done, until reset; whatever becomes of the bytes that were fed.
  const Request& request() const noexcept { return request_; }

 private:
  enum class Stage : std::uint8_t { head, body, done, failed };
  ParseStatus begin_body();
  ParseStatus settle(ParseStatus status, ParseError error) noexcept;
  void fill_request();

  Limits limits_;
  Stage stage_ = Stage::head;
  ParseError error_ = ParseError::none;
  bool keep_alive_ = true, body_started_ = false, started_ = false;
  HeadParser head_{HeadParser::Kind::request};
  BodyParser body_;
  std::vector<HeaderView> headers_;
  Request request_;
};

}  // namespace tidegate::http
