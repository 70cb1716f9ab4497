#include <limits>

#include "base/http/parser.hpp"

namespace tidegate::http {

namespace {
bool is_interim(int status) {
  return status < 200 && status != 101;
}
}  // namespace

void ResponseParser::reset(bool head, bool keep_body) noexcept {
  stage_ = Stage::head;
  error_ = ParseError::none;
  keep_alive_ = true;
  started_ = false;
  head_request_ = head;
  keep_body_ = keep_body && options_.keep_body;
  head_.reset();
  body_.reset();
}

ParseStatus ResponseParser::feed(std::string_view bytes, std::size_t& consumed) {
  consumed = 0;
  if (stage_ == Stage::done) return ParseStatus::done;
  if (stage_ == Stage::failed) return ParseStatus::failed;
  started_ = started_ || !bytes.empty();
  while (stage_ == Stage::head) {
    std::size_t taken = 0;
    const ParseStatus status = head_.feed(bytes.substr(consumed), options_.limits, taken);
    consumed += taken;
    if (status != ParseStatus::done) return settle(status, head_.error());
    if (is_interim(head_.status())) {
      head_.reset();
      continue;
    }
    if (const ParseStatus begun = begin_body(); begun != ParseStatus::need_more) return begun;
  }
  std::size_t taken = 0;
  const ParseStatus status = body_.feed(bytes.substr(consumed), options_.limits, taken);
  consumed += taken;
  return settle(status, body_.error());
}

ParseStatus ResponseParser::finish() {
  if (stage_ == Stage::done) return ParseStatus::done;
  if (stage_ == Stage::failed) return ParseStatus::failed;
  if (stage_ == Stage::head) return settle(ParseStatus::failed, ParseError::early_close);
  const ParseStatus status = body_.finish();
  return settle(status, body_.error());
}

ParseStatus ResponseParser::begin_body() {
  const Framing& framing = head_.framing();
  const int status = head_.status();
  // What is only counted needs no limit.
  const std::uint64_t limit = keep_body_ ? options_.limits.body_bytes : std::numeric_limits<std::uint64_t>::max();
  keep_alive_ = framing.persistent(head_.minor_version()) && status != 101;
  body_.keep(keep_body_);
  stage_ = Stage::body;
  if (head_request_ || status == 204 || status == 304 || status == 101) {
    body_.start_none();
    return settle(ParseStatus::done, ParseError::none);
  }
  if (framing.has_length) {
    const ParseStatus begun = body_.start_length(framing.content_length, limit);
    return settle(begun, body_.error());
  }
  if (framing.chunked) {
    body_.start_chunked(limit);
  } else {
    keep_alive_ = false;
    body_.start_until_close(limit);
  }
  return ParseStatus::need_more;
}

ParseStatus ResponseParser::settle(ParseStatus status, ParseError error) noexcept {
  if (status == ParseStatus::need_more) return status;
  stage_ = status == ParseStatus::done ? Stage::done : Stage::failed;
  error_ = error;
  if (status == ParseStatus::failed) keep_alive_ = false;
  return status;
}

std::optional<std::string_view> ResponseParser::header(std::string_view name) const noexcept {
  for (const HeadParser::Field& field : head_.fields()) {
    const HeaderView view = head_.view(field);
    if (same_name(view.name, name)) return view.value;
  }
  return std::nullopt;
}

std::vector<HeaderView> ResponseParser::headers() const {
  std::vector<HeaderView> views;
  views.reserve(head_.fields().size());
  for (const HeadParser::Field& field : head_.fields()) views.push_back(head_.view(field));
  return views;
}

}  // namespace tidegate::http
