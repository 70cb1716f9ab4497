// WebSocket (RFC 6455): one step is one conversation on a connection of its own.
//
//   connect, GET with Upgrade, 101  ->  send every message  ->  wait for `receive` messages that meet `expect`  ->
//   close
//
// Messages that do not meet it are passed over; pings are answered.
#include <optional>

#include "base/http/parser.hpp"
#include "base/random.hpp"
#include "loadgen/digest.hpp"
#include "loadgen/judge.hpp"
#include "loadgen/loop.hpp"
#include "loadgen/transports/transports.hpp"
#include "loadgen/transports/websocket_frames.hpp"

namespace tidegate::loadgen {
namespace {

constexpr std::size_t kLongestMessage = 16U << 20;
constexpr int kSwitchingProtocols = 101;

std::string handshake_of(const RenderedRequest& request, const std::string& host, const std::string& key) {
  std::string out =
      "GET " + request.target + " HTTP/1.1\r\nHost: " + host +
      "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + key +
      "\r\n";
  for (const auto& [name, value] : request.headers) out += name + ": " + value + "\r\n";
  return out + "\r\n";
}

/// One conversation; performs no waiting of its own.
class Conversation {
 public:
  Conversation(Vu& vu, const TransportCall& call, Attempt& attempt)
      : vu_(vu), call_(call), attempt_(attempt), decoder_(kLongestMessage), wanted_(call.spec->receive) {
    Draws draws(vu.loop.runtime().plan.seed, vu.block.stream, vu.iteration);
    std::string nonce;
    for (int i = 0; i < 2; ++i) {
      for (std::uint64_t bits = draws.next(), k = 0; k < 8; ++k, bits >>= 8) nonce += static_cast<char>(bits & 0xFF);
    }
    key_ = to_base64(nonce);
    mask_ = static_cast<std::uint32_t>(draws.next());
    output_ = handshake_of(call.request, vu.loop.runtime().origin.host_header, key_);
    parser_.reset();
  }

  /// done: as many messages as wanted have come, or the server refused to switch. failed: the attempt has the error.
  Io advance(Connection& connection) {
    for (;;) {
      if (!output_.empty() && !write(connection)) return Io::failed;
      if (switched_ && wanted_ == 0 && output_.empty()) return Io::done;
      if (!connection.readable()) return Io::would_block;
      std::string input;
      const Io got = connection.read_raw(input, attempt_.error);
      if (attempt_.first_byte.count() == 0 && !input.empty()) attempt_.first_byte = vu_.loop.now();
      attempt_.bytes_received += input.size();
      const std::optional<Io> ended = take(input);
      if (ended) return *ended;
      if (got == Io::failed) return Io::failed;
      if (got == Io::would_block && output_.empty()) return Io::would_block;
    }
  }

 private:
  bool write(Connection& connection) {
    std::string_view rest = output_;
    const Io written = connection.write(rest, attempt_.error);
    attempt_.bytes_sent += output_.size() - rest.size();
    output_.erase(0, output_.size() - rest.size());
    if (output_.empty() && attempt_.sent_at.count() == 0) attempt_.sent_at = vu_.loop.now();
    return written != Io::failed;
  }

  std::optional<Io> take(std::string_view input) {
    if (!switched_) {
      std::size_t consumed = 0;
      const http::ParseStatus status = parser_.feed(input, consumed);
      if (status == http::ParseStatus::need_more) return std::nullopt;
      if (status == http::ParseStatus::failed) return fail(ErrorClass::protocol);
      input.remove_prefix(consumed);
      if (const auto ended = switch_protocol()) return ended;
    }
    decoder_.feed(input);
    return take_messages();
  }

  std::optional<Io> switch_protocol() {
    attempt_.reply = std::make_unique<Reply>();
    attempt_.reply->status = parser_.status();
    for (const http::HeaderView& header : parser_.headers()) {
      attempt_.reply->headers.emplace_back(std::string(header.name), std::string(header.value));
    }
    if (parser_.status() != kSwitchingProtocols) {
      attempt_.reply->body = std::string(parser_.body());
      return Io::done;
    }
    const auto accept = parser_.header("Sec-WebSocket-Accept");
    if (!accept || *accept != websocket_accept(key_)) return fail(ErrorClass::protocol);
    switched_ = true;
    for (const std::string& message : call_.request.messages) {
      append_frame(output_, WebSocketOpcode::text, message, mask_ += 0x9E3779B9);
    }
    return std::nullopt;
  }

  std::optional<Io> take_messages() {
    while (wanted_ > 0) {
      switch (decoder_.next()) {
        case WebSocketDecoder::Event::need_more:
          return std::nullopt;
        case WebSocketDecoder::Event::ping:
          append_frame(output_, WebSocketOpcode::pong, decoder_.payload(), mask_ += 0x9E3779B9);
          break;
        case WebSocketDecoder::Event::closed:
          return fail(ErrorClass::closed);
        case WebSocketDecoder::Event::failed:
          return fail(ErrorClass::protocol);
        case WebSocketDecoder::Event::message:
          attempt_.reply->body = decoder_.payload();
          if (meets()) --wanted_;
          break;
      }
    }
    return output_.empty() ? std::optional<Io>(Io::done) : std::nullopt;  // else it ends when all is written
  }

  bool meets() const {
    return call_.until == nullptr ||
           judge(*call_.until, vu_.scope(), Answer(*attempt_.reply), Nanoseconds{-1}) == ErrorClass::none;
  }

  Io fail(ErrorClass error) {
    attempt_.error = error;
    return Io::failed;
  }

  Vu& vu_;
  const TransportCall& call_;
  Attempt& attempt_;
  http::ResponseParser parser_;
  WebSocketDecoder decoder_;
  std::uint32_t wanted_;
  std::uint32_t mask_ = 0;
  std::string key_, output_;
  bool switched_ = false;
};

class WebSocketTransport final : public Transport {
 public:
  Task<Attempt> exchange(Vu* vu, TransportCall call) override {
    Attempt attempt;
    attempt.started = call.started;
    co_await open_connection(vu, call.deadline, &attempt);
    Conversation conversation(*vu, call, attempt);
    Io io = attempt.connected ? conversation.advance(*attempt.connection) : Io::failed;
    while (io == Io::would_block) {
      const Wake wake = co_await WaitIo{*vu, call.deadline};
      if (wake == Wake::ready) {
        io = conversation.advance(*attempt.connection);
        continue;
      }
      attempt.error = wake == Wake::timeout ? ErrorClass::timeout : ErrorClass::interrupted;
      io = Io::failed;
    }
    if (io == Io::done) {
      attempt.error = ErrorClass::none;
      std::string farewell;
      append_frame(farewell, WebSocketOpcode::close, std::string_view("\x03\xE8", 2), 0);
      std::string_view rest = farewell;
      ErrorClass ignored = ErrorClass::none;
      attempt.connection->write(rest, ignored);
    }
    attempt.ended = vu->loop.now();
    if (attempt.sent_at.count() == 0) attempt.sent_at = attempt.ended;
    if (attempt.first_byte.count() == 0) attempt.first_byte = attempt.ended;
    attempt.sent = attempt.bytes_sent > 0;
    co_return attempt;
  }
};

}  // namespace

Result<std::unique_ptr<Transport>> make_websocket_transport(Loop& /*loop*/) {
  return std::unique_ptr<Transport>(std::make_unique<WebSocketTransport>());
}

}  // namespace tidegate::loadgen
