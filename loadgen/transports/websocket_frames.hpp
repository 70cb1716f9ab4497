#pragma once
// WebSocket framing of a client (RFC 6455), without I/O: bytes in, messages and what must be answered out.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tidegate::loadgen {

enum class WebSocketOpcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

/// Appends one whole frame, masked with `mask` as clients must.
void append_frame(std::string& out, WebSocketOpcode opcode, std::string_view payload, std::uint32_t mask);

/// What the server sends. Not thread-safe.
class WebSocketDecoder {
 public:
  explicit WebSocketDecoder(std::size_t longest_message) : longest_message_(longest_message) {}

  enum class Event : std::uint8_t { need_more, message, ping, closed, failed };
  /// The bytes of the connection as they come.
  void feed(std::string_view bytes) { input_.append(bytes); }
  /// The next thing in them. Fragments are joined; pongs are passed over. After failed or closed nothing follows.
  Event next();
  /// Of a message or a ping, until the next call.
  const std::string& payload() const noexcept { return payload_; }

 private:
  struct Header {
    bool last = true;
    WebSocketOpcode opcode = WebSocketOpcode::text;
    std::uint64_t length = 0;
    std::size_t bytes = 0;  ///< of the header itself
  };
  enum class Parsed : std::uint8_t { need_more, whole, failed };
  Parsed parse_header(Header& header) const;
  Event take(const Header& header);

  std::size_t longest_message_;
  std::string input_, message_, payload_;
  bool fragmented_ = false, over_ = false;
};

/// The value of Sec-WebSocket-Accept that belongs to a key.
std::string websocket_accept(std::string_view key);

}  // namespace tidegate::loadgen
