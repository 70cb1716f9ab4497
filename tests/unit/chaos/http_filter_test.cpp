// HTTP faults without a socket: bytes in, bytes out, however they were cut.
#include "chaos/http/http_filter.hpp"

#include "chaos/fault.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/chaos/support/proxy_host.hpp"

using namespace tidegate;
using namespace tidegate::chaos;
using std::chrono::milliseconds;
using test::parse_yaml;

namespace {

struct Wire final : FilterOutput {
  std::string up, down;
  Nanoseconds held_up{0}, held_down{0};
  std::optional<Ending::How> ended;
  void pass(Direction direction, std::string_view bytes, const MessageHolds& holds) override {
    (direction == Direction::upstream ? up : down) += bytes;
    for (const auto& [fault, hold] : holds) (direction == Direction::upstream ? held_up : held_down) += hold;
  }
  void end(Ending::How how) override { ended = how; }
};

std::shared_ptr<ActiveFault> make_fault(const std::string& kind, const std::string& parameters,
                                        const std::string& match = "{}") {
  Diagnostics diagnostics;
  const Match parsed = parse_match(parse_yaml(match), diagnostics);
  const FaultIdentity identity{1, "f", "a->b"};
  auto fault = std::make_shared<ActiveFault>(ActiveFault{nullptr, Picker(parsed, identity), {}});
  fault->message = find_fault_kind(kind)->make_http_fault(parse_yaml(parameters), identity);
  return fault;
}

/// One connection; everything is fed in pieces of the given size.
struct Line {
  HttpProtocol protocol;
  std::unique_ptr<ProtocolFilter> filter = protocol.filter(0);
  Wire wire;
  std::size_t piece = 1'000'000;

  std::shared_ptr<ActiveFault> add(const std::string& kind, const std::string& parameters,
                                   const std::string& match = "{}") {
    auto fault = make_fault(kind, parameters, match);
    protocol.add_fault(fault);
    return fault;
  }
  void feed(Direction direction, const std::string& bytes) {
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      const std::string part = bytes.substr(at, piece);
      filter->take(direction, part, {}, wire);
    }
  }
  void up(const std::string& bytes) { feed(Direction::upstream, bytes); }
  void down(const std::string& bytes) { feed(Direction::downstream, bytes); }
};

const std::string kGet = "GET /v1/charges/7?x=1 HTTP/1.1\r\nHost: bank\r\n\r\n";
const std::string kPost = "POST /v1/charges HTTP/1.1\r\nHost: bank\r\nContent-Length: 5\r\nX-Test: yes\r\n\r\nhello";
const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nServer: s\r\n\r\nfine";
const std::string kChunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfine\r\n0\r\n\r\n";

const auto kPieces = {std::size_t{1}, std::size_t{3}, std::size_t{1'000'000}};

}  // namespace

TEST_CASE("with no fault, and with one that does not match, bytes pass as they are") {
  const std::string other = GENERATE("", "{path: /v2/*}", "{method: DELETE}", "{header: {X-Test: no}}");
  const std::size_t piece = GENERATE(from_range(kPieces));
  Line line;
  line.piece = piece;
  if (!other.empty()) line.add("http_answer", "{status: 500}", other);
  line.up(kGet + kPost + kGet);
  line.down(kOk + kChunked + "HTTP/1.1 204 No Content\r\n\r\n");
  CHECK(line.wire.up == kGet + kPost + kGet);
  CHECK(line.wire.down == kOk + kChunked + "HTTP/1.1 204 No Content\r\n\r\n");
  CHECK_FALSE(line.wire.ended);
}

TEST_CASE("http_answer: the upstream never sees the request, and answers keep their order") {
  const std::size_t piece = GENERATE(from_range(kPieces));
  Line line;
  line.piece = piece;
  const auto fault =
      line.add("http_answer", "{status: 503, body: busy, headers: {Retry-After: '1'}}", "{method: POST}");
  line.up(kGet + kPost + kGet);
  CHECK(line.wire.up == kGet + kGet);
  CHECK(line.wire.down.empty());  // the first response has to come first
  line.down(kOk + kOk);
  const std::string busy = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 4\r\n\r\nbusy";
  CHECK(line.wire.down == kOk + busy + kOk);
  CHECK(fault->hits == 1);
}

TEST_CASE("http_answer: to HEAD without a body") {
  Line line;
  line.add("http_answer", "{status: 503, body: busy}");
  line.up("HEAD / HTTP/1.1\r\nHost: bank\r\n\r\n");
  CHECK(line.wire.down == "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\n");
}

TEST_CASE("http_delay: before or after the upstream acts") {
  Line line;
  const auto [when, up, down] = GENERATE(table<const char*, int, int>({{"before", 50, 0}, {"after", 0, 50}}));
  line.add("http_delay", std::string("{delay: 50ms, when: ") + when + "}");
  line.up(kPost);
  line.down(kOk);
  CHECK(line.wire.up == kPost);
  CHECK(line.wire.down == kOk);
  CHECK(line.wire.held_up == milliseconds(up));
  CHECK(line.wire.held_down == milliseconds(down));
}

TEST_CASE("http_lost_reply: the request passes, the reply does not") {
  const auto [how, ending] = GENERATE(table<const char*, std::optional<Ending::How>>(
      {{"reset", Ending::How::reset}, {"close", Ending::How::close}, {"silence", std::nullopt}}));
  const std::size_t piece = GENERATE(from_range(kPieces));
  Line line;
  line.piece = piece;
  const auto fault = line.add("http_lost_reply", std::string("{how: ") + how + "}", "{method: POST}");
  line.up(kGet);
  line.down(kOk);
  line.up(kPost);
  line.down(kOk);
  CHECK(line.wire.up == kGet + kPost);
  CHECK(line.wire.down == kOk);
  CHECK(line.wire.ended == ending);
  CHECK(fault->hits == 1);
}

TEST_CASE("http_headers: set and remove, in requests and responses") {
  const std::size_t piece = GENERATE(from_range(kPieces));
  Line line;
  line.piece = piece;
  line.add("http_headers", "{of: request, set: {X-Test: no, X-New: a}}");
  line.add("http_headers", "{of: response, remove: [server]}");
  line.up(kPost);
  line.down(kOk);
  CHECK(line.wire.up ==
        "POST /v1/charges HTTP/1.1\r\nHost: bank\r\nContent-Length: 5\r\nX-Test: no\r\nX-New: a\r\n\r\nhello");
  CHECK(line.wire.down == "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine");
}

TEST_CASE("http_duplicate: the upstream sees it again, the client sees one response") {
  const std::size_t piece = GENERATE(from_range(kPieces));
  Line line;
  line.piece = piece;
  const auto fault = line.add("http_duplicate", "{copies: 2}", "{method: POST}");
  line.up(kPost + kGet);
  CHECK(line.wire.up == kPost + kPost + kPost + kGet);
  const std::string first = "HTTP/1.1 201 Created\r\nContent-Length: 3\r\n\r\nnew";
  line.down(first + kOk + kChunked + kOk);
  CHECK(line.wire.down == first + kOk);
  CHECK(fault->hits == 1);
}

TEST_CASE("http_truncate: so many bytes of the body, then the end") {
  const std::size_t piece = GENERATE(from_range(kPieces));
  Line line;
  line.piece = piece;
  line.add("http_truncate", "{bytes: 2B}", "{first: 1}");
  line.up(kGet);
  line.down(kOk);
  CHECK(line.wire.down == kOk.substr(0, kOk.size() - 2));
  CHECK(line.wire.ended == Ending::How::close);
}

TEST_CASE("http_malformed: in the part that was named") {
  const auto [what, bad] =
      GENERATE(table<const char*, const char*>({{"status_line", "HTTP/one.1 two hundred\r\n"},
                                                {"header", "a line without what makes it a header"},
                                                {"length", "Content-Length: 12x\r\n"}}));
  Line line;
  line.add("http_malformed", std::string("{what: ") + what + "}");
  line.up(kGet);
  line.down(kOk);
  CHECK(line.wire.down.find(bad) != std::string::npos);
  CHECK(line.wire.down.ends_with("fine"));
}

TEST_CASE("match: method, path, header, every and first") {
  Line line;
  const auto [match, hits] = GENERATE(table<const char*, std::uint64_t>({
      {"{}", 4},
      {"{method: POST}", 2},
      {"{path: /v1/charges}", 2},
      {"{path: '/v1/*'}", 4},
      {"{path: '*7'}", 2},  // the query is no part of the path
      {"{header: {x-test: 'y*'}}", 2},
      {"{every: 2}", 2},
      {"{every: 3}", 2},
      {"{first: 1}", 1},
      {"{first: 1, method: POST}", 1},
  }));
  const auto fault = line.add("http_delay", "{delay: 1ms}", match);
  for (int i = 0; i < 2; ++i) line.up(kGet + kPost);
  INFO(match);
  CHECK(fault->hits == hits);
}

TEST_CASE("the same message meets the same fate, whatever runs beside it") {
  const auto request = [](int trace, const std::string& parent) {
    char hex[33];
    std::snprintf(hex, sizeof hex, "%032d", trace);
    return "GET / HTTP/1.1\r\nHost: b\r\ntraceparent: 00-" + std::string(hex) + "-" + parent + "-01\r\n\r\n";
  };
  const auto fates = [&](bool others) {
    std::vector<bool> out;
    HttpProtocol protocol;
    auto fault = make_fault("http_delay", "{delay: 1ms}", "{probability: 0.3}");
    protocol.add_fault(fault);
    for (int trace = 0; trace < 300; ++trace) {
      auto filter = protocol.filter(static_cast<std::uint64_t>(trace));
      Wire wire;
      if (others) filter->take(Direction::upstream, kPost, {}, wire);
      const auto before = fault->hits;
      filter->take(Direction::upstream, request(trace, "00000000000000aa"), {}, wire);
      out.push_back(fault->hits > before);
    }
    return out;
  };
  const auto alone = fates(false);
  CHECK(alone == fates(true));
  CHECK(std::count(alone.begin(), alone.end(), true) > 60);
  CHECK(std::count(alone.begin(), alone.end(), true) < 120);
  // An attempt more is another draw: a retry is not doomed.
  HttpProtocol protocol;
  auto fault = make_fault("http_delay", "{delay: 1ms}", "{probability: 0.5}");
  protocol.add_fault(fault);
  auto filter = protocol.filter(0);
  Wire wire;
  for (int attempt = 0; attempt < 100; ++attempt) {
    filter->take(Direction::upstream, request(7, "00000000000000ab"), {}, wire);
  }
  CHECK(fault->hits > 25);
  CHECK(fault->hits < 75);
}

TEST_CASE("a fault that comes in the middle of a message leaves that one alone, and takes the next") {
  Line line;
  line.up(kPost.substr(0, 20));
  const auto fault = line.add("http_answer", "{status: 500}");
  line.up(kPost.substr(20));
  CHECK(line.wire.up == kPost);
  CHECK(fault->hits == 0);
  line.down(kOk);
  line.up(kGet);
  CHECK(fault->hits == 1);
  CHECK(line.wire.up == kPost);
  line.protocol.remove_fault(fault.get());
  line.up(kGet);
  CHECK(line.wire.up == kPost + kGet);
}

TEST_CASE("what is no HTTP passes, fault or not") {
  const std::string stream = GENERATE("\x16\x03\x01 tls", "GET / HTTP/1.1\r\nbad header\r\n\r\nrest", "\r\n\r\n\r\n");
  const std::size_t piece = GENERATE(from_range(kPieces));
  Line line;
  line.piece = piece;
  line.add("http_answer", "{status: 500}");
  line.up(stream);
  line.filter->ended(Direction::upstream, line.wire);
  line.down("anything");
  line.filter->ended(Direction::downstream, line.wire);
  CHECK(line.wire.up == stream);
  CHECK(line.wire.down == "anything");
}

TEST_CASE("an upgrade that was agreed is no HTTP from then on") {
  Line line;
  line.up("GET / HTTP/1.1\r\nHost: b\r\nUpgrade: chat\r\nConnection: Upgrade\r\n\r\n");
  line.down("HTTP/1.1 101 Switching Protocols\r\nUpgrade: chat\r\n\r\n");
  line.add("http_answer", "{status: 500}");
  line.up("GET / HTTP/1.1\r\nHost: b\r\n\r\n");
  CHECK(line.wire.up.ends_with("GET / HTTP/1.1\r\nHost: b\r\n\r\n"));
}

TEST_CASE("latency on messages: drawn by message, held as a whole") {
  Line line;
  const auto fault = line.add("latency", "{delay: 100ms, jitter: 20ms}", "{first: 3}");
  for (int i = 0; i < 4; ++i) {
    line.up(kGet);
    line.down(kOk);
  }
  CHECK(fault->hits == 3);
  CHECK(line.wire.held_up == Nanoseconds{0});
  CHECK(line.wire.held_down >= milliseconds(240));
  CHECK(line.wire.held_down <= milliseconds(360));
}
