// Small parts of flows on their own: cookies, digests, WebSocket frames, where redirects point.

#include <string>

#include "loadgen/cookies.hpp"
#include "loadgen/digest.hpp"
#include "loadgen/outgoing.hpp"
#include "loadgen/transports/websocket_frames.hpp"
#include "tests/support/catch.hpp"

namespace tidegate::loadgen {
namespace {

std::string sent(const CookieJar& jar, std::string_view target, bool secure = false) {
  std::string out;
  jar.append(target, secure, out);
  return out;
}

std::string server_frame(int first, std::string_view payload) {
  std::string out(1, static_cast<char>(first));
  if (payload.size() < 126) {
    out += static_cast<char>(payload.size());
  } else {
    out += static_cast<char>(126);
    out += static_cast<char>(payload.size() >> 8);
    out += static_cast<char>(payload.size() & 0xFF);
  }
  return out + std::string(payload);
}

}  // namespace

TEST_CASE("a cookie jar keeps what applies") {
  CookieJar jar;
  CHECK(jar.empty());
  jar.store("a=1", "/x/y");
  jar.store("b=2; Path=/; HttpOnly", "/x/y");
  jar.store("c=3; Path=/x/y", "/");
  jar.store("d=4; Secure; Path=/", "/");
  CHECK(sent(jar, "/x/y?q=/z") == "c=3; a=1; b=2");
  CHECK(sent(jar, "/x") == "a=1; b=2");
  CHECK(sent(jar, "/xy") == "b=2");
  CHECK(sent(jar, "/", true) == "b=2; d=4");
  jar.store("b=9; Path=/", "/");
  CHECK(sent(jar, "/") == "b=9");
  jar.store("b=; Path=/; Max-Age=0", "/");
  CHECK(sent(jar, "/").empty());
  jar.store("a=1; expires=Thu, 01 Jan 1970 00:00:00 GMT", "/x/y");
  CHECK(sent(jar, "/x/z").empty());
  jar.store("e=1; Max-Age=60; expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/", "/");
  CHECK(sent(jar, "/") == "e=1");
}

TEST_CASE("what is no cookie is passed over") {
  CookieJar jar;
  for (const char* header : {"", ";", "novalue", "=x", " = ", "; a=1"}) jar.store(header, "/");
  jar.store("big=" + std::string(5000, 'x'), "/");
  CHECK(jar.empty());
  for (int i = 0; i < 200; ++i) jar.store("c" + std::to_string(i) + "=1", "/");
  CHECK(sent(jar, "/").size() < 50 * 8);
}

TEST_CASE("digests are those of the standards") {
  CHECK(to_hex(sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  // RFC 4231, test case 2.
  CHECK(to_hex(hmac_sha256("Jefe", "what do ya want for nothing?")) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(to_base64("") == "");
  CHECK(to_base64("f") == "Zg==");
  CHECK(to_base64("foobar") == "Zm9vYmFy");
  // RFC 6455, 1.3.
  CHECK(websocket_accept("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST_CASE("client frames are masked") {
  std::string out;
  append_frame(out, WebSocketOpcode::text, "Hello", 0x37fa213d);  // RFC 6455, 5.7
  CHECK(out == std::string("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", 11));
  out.clear();
  append_frame(out, WebSocketOpcode::binary, std::string(70'000, 'x'), 0);
  CHECK(out.size() == 70'000 + 14);
}

TEST_CASE("server frames come in any pieces") {
  using Event = WebSocketDecoder::Event;
  const std::string bytes = server_frame(0x01, "Hel") + server_frame(0x89, "ping") + server_frame(0x80, "lo") +
                            server_frame(0x8A, "") + server_frame(0x82, std::string(300, 'b')) + server_frame(0x88, "");
  for (const std::size_t piece : {std::size_t{1}, std::size_t{3}, bytes.size()}) {
    WebSocketDecoder decoder(1000);
    std::vector<std::pair<Event, std::string>> events;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      decoder.feed(std::string_view(bytes).substr(at, piece));
      for (Event event = decoder.next(); event != Event::need_more && event != Event::failed; event = decoder.next()) {
        events.emplace_back(event, decoder.payload());
      }
    }
    REQUIRE(events.size() == 4);
    CHECK(events[0] == std::pair(Event::ping, std::string("ping")));
    CHECK(events[1] == std::pair(Event::message, std::string("Hello")));
    CHECK(events[2] == std::pair(Event::message, std::string(300, 'b')));
    CHECK(events[3].first == Event::closed);
  }
}

TEST_CASE("frames that the RFC forbids end the conversation") {
  const std::string rows[] = {
      server_frame(0xC1, "x"),                                      // a reserved bit
      server_frame(0x83, "x"),                                      // an unknown opcode
      std::string("\x81\x81\x00\x00\x00\x00x", 7),                  // masked
      server_frame(0x09, "x"),                                      // a fragmented ping
      server_frame(0x89, std::string(126, 'x')),                    // a long ping
      server_frame(0x80, "x"),                                      // a continuation of nothing
      server_frame(0x01, "a") + server_frame(0x81, "b"),            // a message within a message
      std::string("\x81\x7E\x00\x05hello", 9),                      // a length in the longer form
      std::string("\x81\x7F\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 10),  // longer than anyone has memory for
      server_frame(0x01, std::string(900, 'x')) + server_frame(0x80, std::string(900, 'x')),  // too long in sum
  };
  for (const std::string& bytes : rows) {
    WebSocketDecoder decoder(1000);
    decoder.feed(bytes);
    CHECK(decoder.next() == WebSocketDecoder::Event::failed);
    CHECK(decoder.next() == WebSocketDecoder::Event::failed);
  }
}

TEST_CASE("a location is resolved against where it came from") {
  const Origin origin{"https", "api.test", "8443", "", "api.test:8443"};
  struct Location {
    const char* location;
    const char* from;
    const char* target;  // empty: points elsewhere
  };
  const Location rows[] = {
      {"/b", "/a", "/b"},
      {"b", "/x/y?z", "/x/b"},
      {"?b", "/x/y?z", "/x/y?b"},
      {"/b#part", "/a", "/b"},
      {"https://api.test:8443/c?d", "/a", "/c?d"},
      {"//api.test:8443/c", "/a", "/c"},
      {"http://api.test:8443/c", "/a", ""},
      {"https://other.test:8443/c", "/a", ""},
      {"https://api.test/c", "/a", ""},
      {"", "/a", ""},
      {"/b\r\nX: y", "/a", ""},
      {"javascript://x", "/a", ""},
  };
  for (const Location& row : rows) {
    INFO(row.location);
    CHECK(local_target(row.location, row.from, origin).value_or("") == row.target);
  }
}

}  // namespace tidegate::loadgen
