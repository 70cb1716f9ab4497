// Each fault of the TCP catalogue on a real link: it hits, it does what it says, and it heals.
#include "tests/support/catch.hpp"
#include "tests/unit/chaos/support/proxy_host.hpp"
#include "tests/unit/chaos/support/test_server.hpp"

using namespace tidegate;
using namespace tidegate::chaos;
using namespace tidegate::chaos::test;
using std::chrono::milliseconds;

namespace {

bool echoes(const std::string& address, const std::string& text = "hello") {
  TestClient client(address);
  return client.connected() && client.send(text) && client.receive(text.size()) == text;
}

/// A link to an echo server, with a client that was there before any fault.
struct Bench {
  TestServer server{echo};
  ProxyHost host{server.address()};
  TestClient before{host.address()};

  Bench() {
    REQUIRE(before.send("a"));
    REQUIRE(before.receive(1) == "a");
  }
  bool hit(std::uint64_t at_least = 1) {
    return eventually([&] { return host.hits("f") >= at_least; });
  }
  void heal_and_carry_on() {
    host.heal("f");
    CHECK(echoes(host.address()));
  }
};

}  // namespace

TEST_CASE("bandwidth: bytes come at the rate, and the rest at once when it heals") {
  Bench bench;
  bench.host.inject("f", "bandwidth", "{per_second: 100KiB, direction: downstream}");
  const std::string sent = random_bytes(40'000, 1);
  const Nanoseconds start = monotonic_now();
  REQUIRE(bench.before.send(sent));
  CHECK(bench.before.receive(sent.size()) == sent);
  CHECK(monotonic_now() - start >= milliseconds(380));  // 40,000 / 102,400 s
  CHECK(bench.hit());
  bench.host.heal("f");
  bench.host.inject("f", "bandwidth", "{per_second: 1B, direction: downstream}");
  REQUIRE(bench.before.send(sent));
  REQUIRE(bench.before.receive(1) == sent.substr(0, 1));
  bench.host.heal("f");
  CHECK(bench.before.receive(sent.size() - 1) == sent.substr(1));
}

TEST_CASE("bandwidth: the sender feels it") {
  Bench bench;
  bench.host.inject("f", "bandwidth", "{per_second: 1KiB, direction: upstream}");
  const std::string megabyte(1'000'000, 'x');
  std::size_t sent = 0;
  int stuck = 0;
  while (sent < 100'000'000 && stuck < 100) {
    const std::size_t took = bench.before.send_what_fits(megabyte);
    sent += took;
    stuck = took == 0 ? stuck + 1 : 0;
    if (took == 0) wait_a_little();
  }
  CHECK(sent < 100'000'000);
}

TEST_CASE("reset: open connections at once or after a while, new ones too") {
  const char* parameters = GENERATE("{}", "{after: 50ms}");
  Bench bench;
  bench.host.inject("f", "reset", parameters);
  CHECK(bench.before.was_reset());
  TestClient fresh(bench.host.address());
  CHECK(fresh.was_reset());
  CHECK(bench.hit(2));
  bench.heal_and_carry_on();
}

TEST_CASE("half_close: the receiver sees the end, the other direction lives on") {
  std::promise<std::string> got;
  TestServer server([&got](TestClient& connection) {
    connection.send("greeting");
    got.set_value(connection.receive(4));
    connection.receive_all();
  });
  ProxyHost host(server.address());
  TestClient client(host.address());
  REQUIRE(client.receive(8) == "greeting");
  host.inject("f", "half_close", "{direction: downstream}");
  CHECK(client.receive_all() == "");
  REQUIRE(client.send("more"));
  auto told = got.get_future();
  REQUIRE(told.wait_for(kDeadline) == std::future_status::ready);
  CHECK(told.get() == "more");
  CHECK(host.hits("f") == 1);
}

TEST_CASE("close_after: exactly so many bytes arrive, and then the end") {
  Bench bench;
  const auto [parameters, reset] = GENERATE(table<const char*, bool>({
      {"{bytes: 10B}", false},
      {"{bytes: 10B, how: half_close}", false},
      {"{bytes: 10B, how: reset}", true},
  }));
  bench.host.inject("f", "close_after", parameters);
  TestClient client(bench.host.address());
  REQUIRE(client.send("0123456"));
  REQUIRE(client.receive(7) == "0123456");
  REQUIRE(client.send("789abcdef"));
  CHECK(client.receive(3) == "789");
  if (reset) {
    CHECK(client.was_reset());
  } else {
    CHECK(client.receive_all() == "");
  }
  CHECK(bench.hit());
  // Bytes that came before the injection do not count.
  REQUIRE(bench.before.send("0123456789"));
  CHECK(bench.before.receive(10) == "0123456789");
  bench.heal_and_carry_on();
}

TEST_CASE("slow_close: the bytes are there at once, the end is late, and at once when it heals") {
  Bench bench;
  bench.host.inject("f", "slow_close", "{delay: 30m}");
  REQUIRE(bench.before.send("bye"));
  bench.before.end_sending();
  REQUIRE(bench.before.receive(3) == "bye");
  CHECK(bench.hit());
  CHECK_FALSE(bench.before.readable());
  bench.host.heal("f");
  CHECK(bench.before.receive_all() == "");
}

TEST_CASE("blackhole: bytes are gone, and the stream with a hole in it is reset at the heal") {
  Bench bench;
  TestClient idle(bench.host.address());
  REQUIRE(idle.send("b"));
  REQUIRE(idle.receive(1) == "b");
  bench.host.inject("f", "blackhole", "{}");
  REQUIRE(bench.before.send("lost"));
  CHECK(bench.hit());
  CHECK_FALSE(bench.before.readable());
  bench.host.heal("f");
  CHECK(bench.before.was_reset());
  REQUIRE(idle.send("c"));
  CHECK(idle.receive(1) == "c");  // it lost nothing
  CHECK(echoes(bench.host.address()));
}

TEST_CASE("blackhole: may close the connection after a while") {
  Bench bench;
  bench.host.inject("f", "blackhole", "{direction: downstream, close_after: 50ms}");
  CHECK(bench.before.receive_all() == "");
  CHECK(bench.hit());
  bench.heal_and_carry_on();
}

TEST_CASE("slice: every byte arrives, in pieces with a rest between them") {
  Bench bench;
  bench.host.inject("f", "slice", "{size: 10B, variation: 5B, gap: 5ms, direction: downstream}");
  const std::string sent = random_bytes(200, 3);
  const Nanoseconds start = monotonic_now();
  REQUIRE(bench.before.send(sent));
  CHECK(bench.before.receive(200) == sent);
  CHECK(monotonic_now() - start >= milliseconds(5 * (200 / 15 - 1)));
  CHECK(bench.hit(10));
  bench.host.heal("f");
  bench.host.inject("f", "slice", "{size: 1B, gap: 30m, direction: downstream}");
  REQUIRE(bench.before.send(sent));
  REQUIRE(bench.before.receive(1) == sent.substr(0, 1));
  bench.host.heal("f");
  CHECK(bench.before.receive(199) == sent.substr(1));
}

TEST_CASE("corrupt: so many bytes are altered, the same ones for the same seed however they were cut") {
  const auto faulted = [](std::uint64_t seed, std::size_t piece) {
    TestServer server(echo);
    ProxyHost host(server.address());
    host.inject("f", "corrupt", "{share: 1%}", {}, seed);
    TestClient client(host.address());
    const std::string sent = random_bytes(50'000, 9);
    std::string got;
    for (std::size_t at = 0; at < sent.size(); at += piece) {
      const std::string part = sent.substr(at, piece);
      client.send(part);
      got += client.receive(part.size());
    }
    REQUIRE(got.size() == sent.size());
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < sent.size(); ++i) {
      if (got[i] != sent[i]) places.push_back(i);
    }
    CHECK(host.hits("f") == places.size());
    return places;
  };
  const auto places = faulted(1, 10'000);
  CHECK(places.size() > 350);  // 500 expected, and fixed by the seed
  CHECK(places.size() < 650);
  CHECK(places == faulted(1, 777));
  CHECK(places != faulted(2, 10'000));
}

TEST_CASE("refuse: new connections are reset, open ones live on") {
  Bench bench;
  bench.host.inject("f", "refuse", "{}");
  TestClient fresh(bench.host.address());
  CHECK((!fresh.connected() || fresh.was_reset()));
  REQUIRE(bench.before.send("x"));
  CHECK(bench.before.receive(1) == "x");
  CHECK(bench.hit());
  bench.heal_and_carry_on();
}

TEST_CASE("slow_accept: new connections are served late, and at once when it heals") {
  Bench bench;
  bench.host.inject("f", "slow_accept", "{delay: 60ms}");
  const Nanoseconds start = monotonic_now();
  CHECK(echoes(bench.host.address()));
  CHECK(monotonic_now() - start >= milliseconds(60));
  bench.host.heal("f");
  bench.host.inject("f", "slow_accept", "{delay: 30m}");
  TestClient waiting(bench.host.address());
  REQUIRE(waiting.send("x"));
  CHECK(bench.hit());
  bench.host.heal("f");
  CHECK(waiting.receive(1) == "x");
}

TEST_CASE("faults on one link work together") {
  Bench bench;
  bench.host.inject("f", "latency", "{delay: 40ms}");
  bench.host.inject("g", "slice", "{size: 2B, direction: downstream}");
  bench.host.inject("h", "close_after", "{bytes: 6B}");
  const Nanoseconds start = monotonic_now();
  REQUIRE(bench.before.send("0123456789"));
  CHECK(bench.before.receive(6) == "012345");
  CHECK(monotonic_now() - start >= milliseconds(40));
  CHECK(bench.before.receive_all() == "");
}

TEST_CASE("healing under full traffic neither hangs nor loses a byte") {
  TestServer server(echo);
  ProxyHost host(server.address());
  const char* kind = GENERATE("latency", "bandwidth", "slice", "partition");
  const std::string parameters = std::string(kind) == "latency"     ? "{delay: 20ms}"
                                 : std::string(kind) == "bandwidth" ? "{per_second: 1MiB}"
                                 : std::string(kind) == "slice"     ? "{size: 100B}"
                                                                    : "{}";
  std::vector<std::jthread> threads;
  std::atomic<int> intact{0};
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    threads.emplace_back([&, seed] {
      TestClient client(host.address());
      const std::string sent = random_bytes(1'000'000, seed);
      std::jthread sender([&] {
        client.send(sent);
        client.end_sending();
      });
      const auto got = client.receive_all();
      sender.join();
      if (got && *got == sent) ++intact;
    });
  }
  for (int round = 0; round < 20; ++round) {
    host.inject("f", kind, parameters);
    wait_a_little();
    host.heal("f");
  }
  for (auto& thread : threads) thread.join();
  CHECK(intact == 4);
}

TEST_CASE("a link that is off refuses, keeps its port, and comes back") {
  Bench bench;
  const auto set = [&](bool on) {
    return bench.host.on_thread([&] { return bench.host.state().set_enabled("a->b", on).ok(); });
  };
  REQUIRE(set(false));
  CHECK(bench.before.was_reset());
  CHECK_FALSE(TestClient(bench.host.address()).connected());
  REQUIRE(set(true));
  CHECK(echoes(bench.host.address()));
}
