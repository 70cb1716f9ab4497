// latency on a real link. Lower bounds are what the fault promises; upper bounds are deadlines far above.
#include "tests/support/catch.hpp"
#include "tests/unit/chaos/support/proxy_host.hpp"
#include "tests/unit/chaos/support/test_server.hpp"

using namespace tidegate;
using namespace tidegate::chaos;
using namespace tidegate::chaos::test;
using std::chrono::milliseconds;

namespace {

/// How long one byte takes there and back.
Nanoseconds round_trip(TestClient& client) {
  const Nanoseconds start = monotonic_now();
  REQUIRE(client.send("x"));
  REQUIRE(client.receive(1) == "x");
  return monotonic_now() - start;
}

}  // namespace

TEST_CASE("latency: delays connections opened before it and after it, and heals") {
  TestServer server(echo);
  ProxyHost host(server.address());
  TestClient before(host.address());
  round_trip(before);
  host.inject("slow", "latency", "{delay: 60ms}");
  CHECK(round_trip(before) >= milliseconds(60));
  TestClient after(host.address());
  CHECK(round_trip(after) >= milliseconds(60));
  CHECK(host.hits("slow") == 2);
  host.heal("slow");
  // The fastest of some: one alone could be slow for reasons of the machine.
  Nanoseconds fastest = milliseconds(60);
  for (int i = 0; i < 10; ++i) fastest = std::min({fastest, round_trip(before), round_trip(after)});
  CHECK(fastest < milliseconds(60));
  CHECK(host.hits("slow") == 2);
}

TEST_CASE("latency: by direction, one round trip pays once or twice") {
  TestServer server(echo);
  ProxyHost host(server.address());
  TestClient client(host.address());
  const auto [parameters, least, hits] = GENERATE(table<const char*, Nanoseconds, std::uint64_t>({
      {"{delay: 40ms}", milliseconds(40), 1},
      {"{delay: 40ms, direction: downstream}", milliseconds(40), 1},
      {"{delay: 40ms, direction: upstream}", milliseconds(40), 1},
      {"{delay: 40ms, direction: both}", milliseconds(80), 2},
      {"{delay: 40ms, jitter: 10ms}", milliseconds(30), 1},
  }));
  host.inject("slow", "latency", parameters);
  CHECK(round_trip(client) >= least);
  CHECK(host.hits("slow") == hits);
}

TEST_CASE("latency: healing lets what is held leave at once") {
  TestServer server(echo);
  ProxyHost host(server.address());
  TestClient client(host.address());
  host.inject("slow", "latency", "{delay: 30m}");
  REQUIRE(client.send("held"));
  client.end_sending();
  REQUIRE(eventually([&] { return host.hits("slow") == 1; }));
  CHECK_FALSE(client.readable());
  host.heal("slow");
  CHECK(client.receive_all() == "held");  // the end of the stream, too
}

TEST_CASE("latency: bytes that came before it are not held by it") {
  TestServer server(echo);
  ProxyHost host(server.address());
  TestClient client(host.address());
  host.inject("first", "latency", "{delay: 30m}");
  REQUIRE(client.send("a"));
  REQUIRE(eventually([&] { return host.hits("first") == 1; }));
  host.inject("second", "latency", "{delay: 30m}");
  host.heal("first");
  CHECK(client.receive(1) == "a");
  CHECK(host.hits("second") == 0);
}

TEST_CASE("latency: two of them add up, and healing one leaves the other") {
  TestServer server(echo);
  ProxyHost host(server.address());
  TestClient client(host.address());
  host.inject("one", "latency", "{delay: 30ms}");
  host.inject("two", "latency", "{delay: 50ms}");
  CHECK(round_trip(client) >= milliseconds(80));
  host.heal("two");
  CHECK(round_trip(client) >= milliseconds(30));
}

TEST_CASE("latency: the throughput stays, and no byte changes") {
  TestServer server(echo);
  ProxyHost host(server.address());
  TestClient client(host.address());
  host.inject("slow", "latency", "{delay: 150ms, jitter: 100ms}");
  // 8 MB are 128 reads of 64 KiB: one of them per delay would take 19 s.
  const std::string sent = random_bytes(8'000'000, 9);
  std::jthread sender([&] {
    client.send(sent);
    client.end_sending();
  });
  const auto got = client.receive_all(std::chrono::seconds(12));
  sender.join();
  REQUIRE(got.has_value());
  CHECK(*got == sent);
  CHECK(host.hits("slow") > 0);
}

TEST_CASE("latency: touches the share of connections that the seed says") {
  TestServer server(echo);
  ProxyHost host(server.address());
  const Match third{0.3, 1, {}};
  host.inject("slow", "latency", "{delay: 30m}", third, 7);
  std::vector<std::unique_ptr<TestClient>> clients;
  std::uint64_t picked = 0;
  for (std::uint64_t i = 0; i < 30; ++i) {
    clients.push_back(std::make_unique<TestClient>(host.address()));
    REQUIRE(clients.back()->send("x"));
    const bool touched = picks(third, {7, "slow", "a->b"}, i);
    picked += touched ? 1 : 0;
    INFO("connection " << i);
    if (touched) {
      REQUIRE(eventually([&] { return host.hits("slow") == picked; }));
    } else {
      REQUIRE(clients.back()->receive(1) == "x");
    }
  }
  CHECK(picked > 0);
  CHECK(picked < 30);
  CHECK(host.hits("slow") == picked);
}

TEST_CASE("latency: injected and healed under full traffic, nothing hangs and nothing is lost") {
  TestServer server(echo);
  ProxyHost host(server.address());
  constexpr int kClients = 6;
  std::atomic<int> intact{0}, running{kClients};
  std::vector<std::jthread> threads;
  for (std::uint64_t seed = 0; seed < kClients; ++seed) {
    threads.emplace_back([&, seed] {
      TestClient client(host.address());
      const std::string sent = random_bytes(6'000'000, seed);
      std::jthread sender([&] {
        client.send(sent);
        client.end_sending();
      });
      if (client.receive_all() == sent) ++intact;
      sender.join();
      --running;
    });
  }
  const Nanoseconds until = monotonic_now() + kDeadline;
  for (int round = 0; running > 0 && monotonic_now() < until; ++round) {
    const char* kind = round % 2 == 0 ? "latency" : "partition";
    host.inject("f", kind, round % 2 == 0 ? "{delay: 20ms, jitter: 20ms, direction: both}" : "{}");
    wait_a_little();
    host.heal("f");
    wait_a_little();
  }
  for (auto& thread : threads) thread.join();
  CHECK(intact == kClients);
}
