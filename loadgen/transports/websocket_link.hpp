#pragma once
// One WebSocket connection (RFC 6455) as its client sees it. Performs no waiting of its own.
//
//   GET with Upgrade, 101  ->  turn: send messages, wait for some that meet a condition  ->  (turn ...)  ->  close
//
// Between turns, when a step holds it, it answers pings and keeps what comes for the next turn: the newest 4 MiB.

#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "base/http/parser.hpp"
#include "loadgen/exchange.hpp"
#include "loadgen/transport.hpp"
#include "loadgen/transports/websocket_frames.hpp"

namespace tidegate::loadgen {

/// What one step does on a connection: call.request.messages out, then call.spec->receive messages in that meet
/// call.until. The others are passed over.
struct WebSocketTurn {
  const TransportCall& call;
  Attempt& attempt;
  std::uint32_t wanted;  ///< messages that are still to come
};

class WebSocketLink final : public HeldConnection, public ConnectionKeeper {
 public:
  /// `request` is that of the handshake.
  WebSocketLink(Vu& vu, const RenderedRequest& request);
  /// Says goodbye and gives the connection back.
  ~WebSocketLink() override;

  /// Of the turn that opens it: takes the attempt's connection over.
  void take_connection(ConnectionLease connection);
  bool open() const noexcept { return connection_ && (*connection_)->open() && !over_; }
  void begin(WebSocketTurn& turn);
  /// done: as many messages as wanted have come, or the server refused to switch. failed: the attempt has the error.
  Io advance(WebSocketTurn& turn);
  /// Ends the turn, well or badly; after a bad end the connection is not used again.
  void end(bool well) noexcept;
  bool switched() const noexcept { return switched_; }

  void on_io() override;

 private:
  Io fail(WebSocketTurn& turn, ErrorClass error) const;
  bool write(WebSocketTurn* turn, ErrorClass& error);
  std::optional<Io> take(WebSocketTurn& turn, std::string_view input);
  std::optional<Io> switch_protocol(WebSocketTurn& turn);
  std::optional<Io> take_messages(WebSocketTurn& turn);
  bool meets(const WebSocketTurn& turn) const;
  void append_messages(const WebSocketTurn& turn);
  void keep(const std::string& message);
  void take_between_turns();

  Vu& vu_;
  std::optional<ConnectionLease> connection_;
  http::ResponseParser parser_;
  WebSocketDecoder decoder_;
  std::uint32_t mask_ = 0;
  std::string key_, output_;
  std::deque<std::string> kept_;
  std::size_t kept_bytes_ = 0;
  bool switched_ = false, in_turn_ = false, over_ = false;
};

}  // namespace tidegate::loadgen
