#pragma once
// Where the messages of one direction begin and end. Sans-I/O. Strict (base/http): what is no HTTP/1.1 for certain
// makes the rest of the stream opaque, and an opaque stream passes as it is.

#include <string_view>

#include "base/http/body_parser.hpp"
#include "base/http/head_parser.hpp"

namespace tidegate::chaos {

class MessageSplitter {
 public:
  enum class Event : std::uint8_t {
    part_of_head,  ///< the head is not complete
    head,          ///< these bytes complete it; head() is valid until the next step
    body,          ///< bytes of the body, framing included
    opaque         ///< no message, now or later
  };
  struct Step {
    Event event;
    std::string_view bytes;  ///< taken; together they are the stream
    bool message_ended = false;
  };

  explicit MessageSplitter(http::HeadParser::Kind kind) : kind_(kind), head_(kind) {}

  /// Takes at least one of the bytes, of which there must be some.
  Step take(std::string_view bytes);
  /// After a response's head: it has no body whatever its fields say (HEAD).
  void no_body() noexcept;
  const http::HeadParser& head() const noexcept { return head_; }
  bool at_message_start() const noexcept { return stage_ == Stage::head && !in_head_; }
  void become_opaque() noexcept { stage_ = Stage::opaque; }
  bool opaque() const noexcept { return stage_ == Stage::opaque; }
  /// A status 1xx: the response proper follows.
  bool interim() const noexcept {
    return kind_ == http::HeadParser::Kind::response && head_.status() < 200 && head_.status() != 101;
  }

 private:
  enum class Stage : std::uint8_t { head, body, opaque };
  bool begin_body();

  http::HeadParser::Kind kind_;
  http::HeadParser head_;
  http::BodyParser body_;
  Stage stage_ = Stage::head;
  bool in_head_ = false, head_done_ = false;
};

}  // namespace tidegate::chaos
