#include "base/http/parser.hpp"

namespace tidegate::http {

void RequestParser::reset() noexcept {
  stage_ = Stage::head;
  error_ = ParseError::none;
  keep_alive_ = true;
  body_started_ = false;
  started_ = false;
  head_.reset();
  body_.reset();
}

ParseStatus RequestParser::feed(std::string_view bytes, std::size_t& consumed) {
  consumed = 0;
  if (stage_ == Stage::done) return ParseStatus::done;
  if (stage_ == Stage::failed) return ParseStatus::failed;
  started_ = started_ || !bytes.empty();
  if (stage_ == Stage::head) {
    const ParseStatus status = head_.feed(bytes, limits_, consumed);
    if (status != ParseStatus::done) return settle(status, head_.error());
    if (const ParseStatus begun = begin_body(); begun != ParseStatus::need_more) return begun;
  }
  std::size_t taken = 0;
  const ParseStatus status = body_.feed(bytes.substr(consumed), limits_, taken);
  body_started_ = body_started_ || taken > 0;
  consumed += taken;
  return settle(status, body_.error());
}

ParseStatus RequestParser::begin_body() {
  const Framing& framing = head_.framing();
  keep_alive_ = framing.persistent(head_.minor_version());
  stage_ = Stage::body;
  if (framing.chunked) {
    body_.start_chunked(limits_.body_bytes);
    return ParseStatus::need_more;
  }
  // Without Content-Length a request has no body: the length is zero.
  const ParseStatus status = body_.start_length(framing.content_length, limits_.body_bytes);
  return settle(status, body_.error());
}

ParseStatus RequestParser::settle(ParseStatus status, ParseError error) noexcept {
  if (status == ParseStatus::need_more) return status;
  stage_ = status == ParseStatus::done ? Stage::done : Stage::failed;
  error_ = error;
  if (status == ParseStatus::failed) keep_alive_ = false;
  if (status == ParseStatus::done) fill_request();
  return status;
}

void RequestParser::fill_request() {
  headers_.clear();
  for (const HeadParser::Field& field : head_.fields()) headers_.push_back(head_.view(field));
  request_.headers = headers_;
  request_.method = head_.method();
  request_.target = head_.target();
  request_.body = body_.data();

  std::string_view path = request_.target;
  if (!path.empty() && path.front() != '/' && path.find("://") != std::string_view::npos) {
    path.remove_prefix(path.find("://") + 3);
    const std::size_t start = path.find_first_of("/?");
    path = start == std::string_view::npos ? std::string_view("/") : path.substr(start);
  }
  const std::size_t question = path.find('?');
  request_.path = question == 0 ? std::string_view("/") : path.substr(0, question);
  request_.query = question == std::string_view::npos ? std::string_view{} : path.substr(question + 1);
}

int RequestParser::error_status() const noexcept {
  switch (error_) {
    case ParseError::bad_version:
      return 505;
    case ParseError::unknown_transfer_coding:
      return 501;
    case ParseError::header_too_large:
    case ParseError::too_many_headers:
      return 431;
    case ParseError::body_too_large:
      return 413;
    case ParseError::none:
    case ParseError::bad_start_line:
    case ParseError::bad_header:
    case ParseError::bad_content_length:
    case ParseError::conflicting_framing:
    case ParseError::bad_chunk:
    case ParseError::early_close:
      return 400;
  }
  return 400;
}

bool RequestParser::expects_continue() const noexcept {
  // A client of HTTP/1.0 does not know the interim answer (RFC 9110 section 10.1.1).
  return stage_ == Stage::body && head_.framing().expects_continue && !body_started_ && !is_http_1_0();
}

}  // namespace tidegate::http
