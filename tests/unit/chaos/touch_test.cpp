// Which messages a fault touched, from the bytes of a link to the page that the harness reads.
#include "chaos/touch.hpp"

#include "chaos/fault.hpp"
#include "chaos/http/http_filter.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/chaos/support/proxy_host.hpp"
#include "tests/unit/chaos/support/sockets.hpp"
#include "tests/unit/chaos/support/test_server.hpp"

using namespace tidegate;
using namespace tidegate::chaos;
using namespace tidegate::chaos::test;

namespace {

const std::string kTrace = "0123456789abcdef0123456789abcdef";

std::string request(const std::string& header, const std::string& method = "POST") {
  return method + " /v1/payments HTTP/1.1\r\nHost: a\r\n" + (header.empty() ? "" : header + "\r\n") +
         (method == "POST" ? "Content-Length: 2\r\n\r\n{}" : "\r\n");
}

/// One agent with a link that speaks HTTP to a server that says nothing.
struct Host {
  TestServer server{[](TestClient& connection) { (void)connection.receive_all(); }};
  ProxyHost host{""};
  std::string address;

  Host() {
    address = host.on_thread([&] {
      LinkRequest link;
      link.name = "http";
      link.http = true;
      link.upstream = server.address();
      return host.state().open_link(link)->address;
    });
  }
  void inject(const std::string& kind, const std::string& parameters, const std::string& match = "{}") {
    Diagnostics diagnostics;
    LeaseRequest lease;
    lease.id = "f";
    lease.link = "http";
    lease.kind = kind;
    lease.parameters = parse_yaml(parameters);
    lease.match = parse_match(parse_yaml(match), diagnostics);
    lease.needs_heartbeat = false;
    REQUIRE(host.on_thread([&] { return host.state().inject(lease).ok(); }));
  }
  std::vector<std::uint64_t> touched(std::size_t wanted) {
    TouchPage page;
    CHECK(eventually([&] {
      page = host.on_thread([&] { return host.state().touched("f", 0); });
      return page.touches.size() >= wanted;
    }));
    std::vector<std::uint64_t> messages;
    for (const Touch& touch : page.touches) messages.push_back(touch.message);
    return messages;
  }
};

}  // namespace

TEST_CASE("touched: by trace id, idempotency key or request id; what tells nothing has no mark") {
  const auto [header, identity] = GENERATE_COPY(table<std::string, std::string>(
      {{"traceparent: 00-" + kTrace + "-0123456789abcdef-01", kTrace},
       {"Idempotency-Key: order-7", "order-7"},
       {"idempotency-key: order-7\r\ntraceparent: 00-" + kTrace + "-0123456789abcdef-01", kTrace},  // the trace leads
       {"X-Request-Id: r-1", "r-1"},
       {"traceparent: 00-short", ""},
       {"Idempotency-Key:", ""},
       {"", ""}}));
  INFO(header);
  Host host;
  host.inject("http_answer", "{}");
  TestClient client(host.address);
  REQUIRE(client.send(request(header)));
  CHECK(client.receive(12) == "HTTP/1.1 503");
  const auto messages = host.touched(identity.empty() ? 0 : 1);
  CHECK(messages ==
        (identity.empty() ? std::vector<std::uint64_t>{} : std::vector<std::uint64_t>{message_hash(identity)}));
}

TEST_CASE("touched: only what the match lets through, each time that it comes") {
  Host host;
  host.inject("http_answer", "{}", "{method: POST}");
  TestClient client(host.address);
  REQUIRE(client.send(request("Idempotency-Key: a") + request("Idempotency-Key: a") + request("Idempotency-Key: b")));
  CHECK(host.touched(3) == std::vector<std::uint64_t>{message_hash("a"), message_hash("a"), message_hash("b")});
  REQUIRE(client.send(request("Idempotency-Key: c", "GET") + request("Idempotency-Key: d")));
  CHECK(host.touched(4).back() == message_hash("d"));
}

TEST_CASE("touched: a fault on the connection touches the messages that pass while it is on") {
  Host host;
  TestClient client(host.address);
  REQUIRE(client.send(request("Idempotency-Key: before")));
  REQUIRE(eventually(
      [&] { return host.host.on_thread([&] { return host.host.state().link_report("http").bytes_up; }) > 0; }));
  host.inject("bandwidth", "{per_second: 1MiB}");
  REQUIRE(client.send(request("Idempotency-Key: during")));
  CHECK(host.touched(1) == std::vector<std::uint64_t>{message_hash("during")});
  host.host.heal("f");
  REQUIRE(client.send(request("Idempotency-Key: after")));
  wait_a_little();
  CHECK(host.touched(1).size() == 1);  // and what was healed is still told
}

TEST_CASE("touched: pages go on where the one before ended, through JSON and back") {
  TouchLog log;
  for (std::uint64_t i = 0; i < TouchLog::kMost + 3; ++i) log.add({i, Nanoseconds{1}});
  CHECK(log.touches.size() == TouchLog::kMost);
  CHECK(log.beyond == 3);

  TouchPage page;
  page.touches = {{18446744073709551615ULL, Nanoseconds{4'000'000'000'000'000'001}}, {0, Nanoseconds{0}}};
  page.next = 7;
  page.beyond = 3;
  const auto back = touch_page_from_json(json::value(to_json(page)));
  REQUIRE(back.ok());
  CHECK(back->touches == page.touches);
  CHECK(back->next == 7);
  CHECK(back->beyond == 3);
  for (const char* bad : {"{}", "[]", R"({"touches": 1})", R"({"touches": [1]})", R"({"touches": [["1"]]})",
                          R"({"touches": [[1, 2]]})"}) {
    INFO(bad);
    CHECK_FALSE(touch_page_from_json(*parse_json(bad)).ok());
  }

  Host host;
  host.inject("http_answer", "{}");
  TestClient client(host.address);
  std::string many;
  for (std::size_t i = 0; i < AgentState::kTouchesPerPage + 1; ++i) many += request("X-Request-Id: r", "GET");
  std::size_t sent = 0;
  while (sent < many.size()) {  // the answers are read, or both sides would wait for each other
    sent += client.send_what_fits(std::string_view(many).substr(sent));
    while (client.readable()) (void)client.receive(1000, Nanoseconds{1'000'000});
  }
  const auto at = [&](std::uint64_t from) {
    return host.host.on_thread([&] { return host.host.state().touched("f", from); });
  };
  REQUIRE(eventually([&] { return at(AgentState::kTouchesPerPage).touches.size() == 1; }));
  CHECK(at(0).touches.size() == AgentState::kTouchesPerPage);
  CHECK(at(0).next == AgentState::kTouchesPerPage);
  CHECK(at(1'000'000).touches.empty());
}
