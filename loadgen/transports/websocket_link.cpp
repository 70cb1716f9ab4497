#include "loadgen/transports/websocket_link.hpp"

#include "base/random.hpp"
#include "loadgen/digest.hpp"
#include "loadgen/judge.hpp"
#include "loadgen/loop.hpp"

namespace tidegate::loadgen {
namespace {

constexpr std::size_t kLongestMessage = 16U << 20;
constexpr std::size_t kMostKept = 4U << 20;
constexpr int kReadsBetweenTurns = 16;  // then the other connections have their turn
constexpr int kSwitchingProtocols = 101;
constexpr std::uint32_t kMaskStep = 0x9E3779B9;

std::string handshake_of(const RenderedRequest& request, const std::string& host, const std::string& key) {
  std::string out =
      "GET " + request.target + " HTTP/1.1\r\nHost: " + host +
      "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + key +
      "\r\n";
  for (const auto& [name, value] : request.headers) out += name + ": " + value + "\r\n";
  return out + "\r\n";
}

}  // namespace

WebSocketLink::WebSocketLink(Vu& vu, const RenderedRequest& request) : vu_(vu), decoder_(kLongestMessage) {
  Draws draws(vu.loop.runtime().plan.seed, vu.block.stream, vu.iteration);
  std::string nonce;
  for (int i = 0; i < 2; ++i) {
    for (std::uint64_t bits = draws.next(), k = 0; k < 8; ++k, bits >>= 8) nonce += static_cast<char>(bits & 0xFF);
  }
  key_ = to_base64(nonce);
  mask_ = static_cast<std::uint32_t>(draws.next());
  output_ = handshake_of(request, vu.loop.runtime().origin.host_header, key_);
  parser_.reset();
}

WebSocketLink::~WebSocketLink() {
  if (!connection_) return;
  if (open() && switched_ && output_.empty()) {
    append_frame(output_, WebSocketOpcode::close, std::string_view("\x03\xE8", 2), mask_);
    ErrorClass ignored = ErrorClass::none;
    write(nullptr, ignored);
  }
  (*connection_)->keeper = nullptr;
}

void WebSocketLink::take_connection(ConnectionLease connection) {
  connection_.emplace(std::move(connection));
  (*connection_)->keeper = this;
}

void WebSocketLink::begin(WebSocketTurn& turn) {
  in_turn_ = true;
  if (!switched_) return;  // the messages follow the handshake
  turn.attempt.reply = std::make_unique<Reply>();
  turn.attempt.reply->status = kSwitchingProtocols;
  append_messages(turn);
}

void WebSocketLink::end(bool well) noexcept {
  in_turn_ = false;
  over_ = over_ || !well;
}

Io WebSocketLink::advance(WebSocketTurn& turn) {
  Attempt& attempt = turn.attempt;
  Connection& connection = **connection_;
  if (switched_) {
    if (const auto ended = take_messages(turn)) return *ended;  // of what came between turns
  }
  for (;;) {
    if (!output_.empty() && !write(&turn, attempt.error)) return Io::failed;
    if (switched_ && turn.wanted == 0 && output_.empty()) return Io::done;
    if (!connection.readable()) return Io::would_block;
    std::string input;
    const Io got = connection.read_raw(input, attempt.error);
    if (attempt.first_byte.count() == 0 && !input.empty()) attempt.first_byte = vu_.loop.now();
    attempt.bytes_received += input.size();
    const std::optional<Io> ended = take(turn, input);
    if (ended) return *ended;
    if (got == Io::failed) return Io::failed;
    if (got == Io::would_block && output_.empty()) return Io::would_block;
  }
}

bool WebSocketLink::write(WebSocketTurn* turn, ErrorClass& error) {
  std::string_view rest = output_;
  const Io written = (*connection_)->write(rest, error);
  if (turn != nullptr) turn->attempt.bytes_sent += output_.size() - rest.size();
  output_.erase(0, output_.size() - rest.size());
  if (turn != nullptr && output_.empty() && turn->attempt.sent_at.count() == 0) {
    turn->attempt.sent_at = vu_.loop.now();
  }
  return written != Io::failed;
}

std::optional<Io> WebSocketLink::take(WebSocketTurn& turn, std::string_view input) {
  if (!switched_) {
    std::size_t consumed = 0;
    const http::ParseStatus status = parser_.feed(input, consumed);
    if (status == http::ParseStatus::need_more) return std::nullopt;
    if (status == http::ParseStatus::failed) return fail(turn, ErrorClass::protocol);
    input.remove_prefix(consumed);
    if (const auto ended = switch_protocol(turn)) return ended;
  }
  decoder_.feed(input);
  return take_messages(turn);
}

std::optional<Io> WebSocketLink::switch_protocol(WebSocketTurn& turn) {
  Reply& reply = *(turn.attempt.reply = std::make_unique<Reply>());
  reply.status = parser_.status();
  for (const http::HeaderView& header : parser_.headers()) {
    reply.headers.emplace_back(std::string(header.name), std::string(header.value));
  }
  if (parser_.status() != kSwitchingProtocols) {
    reply.body = std::string(parser_.body());
    return Io::done;
  }
  const auto accept = parser_.header("Sec-WebSocket-Accept");
  if (!accept || *accept != websocket_accept(key_)) return fail(turn, ErrorClass::protocol);
  switched_ = true;
  append_messages(turn);
  return std::nullopt;
}

void WebSocketLink::append_messages(const WebSocketTurn& turn) {
  for (const std::string& message : turn.call.request.messages) {
    append_frame(output_, WebSocketOpcode::text, message, mask_ += kMaskStep);
  }
}

/// nullopt: more must come, or go.
std::optional<Io> WebSocketLink::take_messages(WebSocketTurn& turn) {
  while (turn.wanted > 0 && !kept_.empty()) {
    turn.attempt.reply->body = std::move(kept_.front());
    kept_bytes_ -= turn.attempt.reply->body.size();
    kept_.pop_front();
    if (meets(turn)) --turn.wanted;
  }
  while (turn.wanted > 0) {
    switch (decoder_.next()) {
      case WebSocketDecoder::Event::need_more:
        return std::nullopt;
      case WebSocketDecoder::Event::ping:
        append_frame(output_, WebSocketOpcode::pong, decoder_.payload(), mask_ += kMaskStep);
        break;
      case WebSocketDecoder::Event::closed:
        return fail(turn, ErrorClass::closed);
      case WebSocketDecoder::Event::failed:
        return fail(turn, ErrorClass::protocol);
      case WebSocketDecoder::Event::message:
        turn.attempt.reply->body = decoder_.payload();
        if (meets(turn)) --turn.wanted;
        break;
    }
  }
  return output_.empty() ? std::optional<Io>(Io::done) : std::nullopt;  // else it ends when all is written
}

bool WebSocketLink::meets(const WebSocketTurn& turn) const {
  return turn.call.until == nullptr ||
         judge(*turn.call.until, vu_.scope(), Answer(*turn.attempt.reply), Nanoseconds{-1}) == ErrorClass::none;
}

Io WebSocketLink::fail(WebSocketTurn& turn, ErrorClass error) const {
  turn.attempt.error = error;
  return Io::failed;
}

void WebSocketLink::on_io() {
  if (in_turn_) {
    (*connection_)->user->on_io();
  } else {
    take_between_turns();
  }
}

void WebSocketLink::keep(const std::string& message) {
  kept_.push_back(message);
  kept_bytes_ += message.size();
  while (kept_bytes_ > kMostKept && kept_.size() > 1) {
    kept_bytes_ -= kept_.front().size();
    kept_.pop_front();
  }
}

void WebSocketLink::take_between_turns() {
  Connection& connection = **connection_;
  ErrorClass error = ErrorClass::none;
  for (int reads = 0; !over_ && connection.readable(); ++reads) {
    if (reads == kReadsBetweenTurns) {
      vu_.loop.pool().read_on_later(connection);
      return;
    }
    std::string input;
    over_ = connection.read_raw(input, error) == Io::failed;
    decoder_.feed(input);
    for (bool more = true; more;) {
      switch (decoder_.next()) {
        case WebSocketDecoder::Event::need_more:
          more = false;
          break;
        case WebSocketDecoder::Event::ping:
          append_frame(output_, WebSocketOpcode::pong, decoder_.payload(), mask_ += kMaskStep);
          break;
        case WebSocketDecoder::Event::message:
          keep(decoder_.payload());
          break;
        case WebSocketDecoder::Event::closed:
        case WebSocketDecoder::Event::failed:
          over_ = true;
          more = false;
          break;
      }
    }
  }
  if (!over_ && !output_.empty() && !write(nullptr, error)) over_ = true;
}

}  // namespace tidegate::loadgen
