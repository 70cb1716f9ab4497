#include "loadgen/transports/websocket_frames.hpp"

#include <algorithm>

#include "loadgen/digest.hpp"

namespace tidegate::loadgen {
namespace {

void append_big_endian(std::string& out, std::uint64_t value, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>((value >> (8 * i)) & 0xFF);
}

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes) value = (value << 8) | static_cast<unsigned char>(c);
  return value;
}

bool is_control(WebSocketOpcode opcode) {
  return static_cast<std::uint8_t>(opcode) >= 8;
}

bool is_known(std::uint8_t opcode) {
  return opcode <= 2 || (opcode >= 8 && opcode <= 10);
}

}  // namespace

void append_frame(std::string& out, WebSocketOpcode opcode, std::string_view payload, std::uint32_t mask) {
  out += static_cast<char>(0x80 | static_cast<std::uint8_t>(opcode));
  if (payload.size() < 126) {
    out += static_cast<char>(0x80 | payload.size());
  } else if (payload.size() <= 0xFFFF) {
    out += static_cast<char>(0x80 | 126);
    append_big_endian(out, payload.size(), 2);
  } else {
    out += static_cast<char>(0x80 | 127);
    append_big_endian(out, payload.size(), 8);
  }
  append_big_endian(out, mask, 4);
  for (std::size_t i = 0; i < payload.size(); ++i) {
    out += static_cast<char>(payload[i] ^ static_cast<char>((mask >> (8 * (3 - i % 4))) & 0xFF));
  }
}

WebSocketDecoder::Parsed WebSocketDecoder::parse_header(Header& header) const {
  if (input_.size() < 2) return Parsed::need_more;
  const auto first = static_cast<unsigned char>(input_[0]), second = static_cast<unsigned char>(input_[1]);
  // Reserved bits mean extensions, which were not asked for; a server never masks.
  if ((first & 0x70) != 0 || (second & 0x80) != 0 || !is_known(first & 0x0F)) return Parsed::failed;
  header.last = (first & 0x80) != 0;
  header.opcode = static_cast<WebSocketOpcode>(first & 0x0F);
  const std::size_t extra = (second & 0x7F) == 126 ? 2 : (second & 0x7F) == 127 ? 8 : 0;
  header.bytes = 2 + extra;
  if (input_.size() < header.bytes) return Parsed::need_more;
  header.length = extra == 0 ? second & 0x7F : big_endian(std::string_view(input_).substr(2, extra));
  const bool shortest = extra == 0 || (extra == 2 ? header.length >= 126 : header.length > 0xFFFF);
  if (!shortest || (is_control(header.opcode) && (!header.last || header.length > 125))) return Parsed::failed;
  return Parsed::whole;
}

WebSocketDecoder::Event WebSocketDecoder::take(const Header& header) {
  payload_ = input_.substr(header.bytes, header.length);
  input_.erase(0, header.bytes + header.length);
  switch (header.opcode) {
    case WebSocketOpcode::ping:
      return Event::ping;
    case WebSocketOpcode::pong:
      return Event::need_more;
    case WebSocketOpcode::close:
      return Event::closed;
    case WebSocketOpcode::continuation:
      if (!fragmented_) return Event::failed;
      break;
    case WebSocketOpcode::text:
    case WebSocketOpcode::binary:
      if (fragmented_) return Event::failed;
      break;
  }
  message_ += payload_;
  fragmented_ = !header.last;
  if (fragmented_) return Event::need_more;
  payload_ = std::move(message_);
  message_.clear();
  return Event::message;
}

WebSocketDecoder::Event WebSocketDecoder::next() {
  while (!over_) {
    Header header;
    const Parsed parsed = parse_header(header);
    if (parsed == Parsed::need_more) return Event::need_more;
    over_ = parsed == Parsed::failed || header.length > longest_message_ - std::min(message_.size(), longest_message_);
    if (over_) return Event::failed;
    if (input_.size() - header.bytes < header.length) return Event::need_more;
    const Event event = take(header);
    over_ = event == Event::closed || event == Event::failed;
    if (event != Event::need_more) return event;
  }
  return Event::failed;
}

std::string websocket_accept(std::string_view key) {
  return to_base64(sha1(std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"));
}

}  // namespace tidegate::loadgen
