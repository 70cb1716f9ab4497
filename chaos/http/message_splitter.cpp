#include "chaos/http/message_splitter.hpp"

#include <limits>

namespace tidegate::chaos {
namespace {

// A proxy refuses nothing that the two ends agree on; only the head has to fit into memory.
constexpr http::Limits kLimits{64 * 1024, 1000, std::numeric_limits<std::size_t>::max()};
constexpr std::uint64_t kAnyLength = std::numeric_limits<std::uint64_t>::max();

}  // namespace

MessageSplitter::Step MessageSplitter::take(std::string_view bytes) {
  if (stage_ == Stage::opaque) return {Event::opaque, bytes, false};
  std::size_t consumed = 0;
  if (stage_ == Stage::head) {
    if (head_done_) head_.reset();
    head_done_ = false;
    const auto status = head_.feed(bytes, kLimits, consumed);
    if (status == http::ParseStatus::need_more) {
      in_head_ = true;
      return {Event::part_of_head, bytes, false};
    }
    in_head_ = false;
    if (status == http::ParseStatus::failed) {
      stage_ = Stage::opaque;
      return {Event::opaque, bytes, false};
    }
    head_done_ = true;
    const bool ended = !begin_body();
    return {Event::head, bytes.substr(0, consumed), ended};
  }
  const auto status = body_.feed(bytes, kLimits, consumed);
  if (status == http::ParseStatus::failed) {
    stage_ = Stage::opaque;
    // What came before the byte that fails was body, as it would have been on its own.
    if (consumed > 1) return {Event::body, bytes.substr(0, consumed - 1), false};
    return {Event::opaque, bytes, false};
  }
  const bool ended = status == http::ParseStatus::done;
  if (ended) stage_ = Stage::head;
  return {Event::body, bytes.substr(0, consumed), ended};
}

void MessageSplitter::no_body() noexcept {
  if (stage_ == Stage::body) stage_ = Stage::head;
}

// Whether there is one.
bool MessageSplitter::begin_body() {
  const http::Framing& framing = head_.framing();
  body_.reset();
  body_.keep(false);
  stage_ = Stage::body;
  if (kind_ == http::HeadParser::Kind::response) {
    const int status = head_.status();
    if (status < 200 || status == 204 || status == 304) {
      stage_ = Stage::head;
      return false;
    }
  }
  if (framing.chunked) {
    body_.start_chunked(kAnyLength);
  } else if (framing.has_length) {
    if (body_.start_length(framing.content_length, kAnyLength) == http::ParseStatus::done) stage_ = Stage::head;
  } else if (kind_ == http::HeadParser::Kind::response) {
    body_.start_until_close(kAnyLength);
  } else {
    stage_ = Stage::head;
  }
  return stage_ == Stage::body;
}

}  // namespace tidegate::chaos
