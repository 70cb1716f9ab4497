// The proxy with no fault on: nothing lost, nothing altered, ends and resets told as they are.
#include "chaos/proxy/link.hpp"

#include <sys/resource.h>

#include <fcntl.h>

#include "tests/support/catch.hpp"
#include "tests/unit/chaos/support/proxy_host.hpp"
#include "tests/unit/chaos/support/test_server.hpp"

using namespace tidegate;
using namespace tidegate::chaos;
using namespace tidegate::chaos::test;

TEST_CASE("megabytes both ways at once arrive as they were sent") {
  TestServer server(echo);
  ProxyHost host(server.address());
  std::vector<std::jthread> threads;
  std::atomic<int> intact{0};
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    threads.emplace_back([&, seed] {
      TestClient client(host.address());
      const std::string sent = random_bytes(4'000'000 + seed, seed);
      std::jthread sender([&] {
        client.send(sent);
        client.end_sending();
      });
      const auto got = client.receive_all();
      sender.join();
      if (got && *got == sent) ++intact;
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(intact == 4);
  CHECK(host.link().accepted == 4);
  CHECK(eventually([&] { return host.link().connections == 0; }));  // and nothing is left of them
}

TEST_CASE("single bytes go through as they come") {
  TestServer server(echo);
  ProxyHost host(server.address());
  TestClient client(host.address());
  for (char byte = 'a'; byte <= 'z'; ++byte) {
    REQUIRE(client.send(std::string(1, byte)));
    REQUIRE(client.receive(1) == std::string(1, byte));
  }
}

TEST_CASE("each direction ends on its own") {
  SECTION("the client ends first, and still gets its answer") {
    TestServer server([](TestClient& connection) {
      const auto request = connection.receive_all();
      connection.send("got " + std::to_string(request ? request->size() : 0));
    });
    ProxyHost host(server.address());
    TestClient client(host.address());
    REQUIRE(client.send(std::string(100'000, 'x')));
    client.end_sending();
    CHECK(client.receive_all() == "got 100000");
  }
  SECTION("the server ends first, and still gets the rest of the request") {
    std::promise<std::string> rest;
    TestServer server([&rest](TestClient& connection) {
      connection.end_sending();
      rest.set_value(connection.receive_all().value_or("reset"));
    });
    ProxyHost host(server.address());
    TestClient client(host.address());
    REQUIRE(client.receive_all() == "");
    REQUIRE(client.send("late"));
    client.end_sending();
    auto told = rest.get_future();
    REQUIRE(told.wait_for(kDeadline) == std::future_status::ready);
    CHECK(told.get() == "late");
  }
}

TEST_CASE("a reset is told to the other side, after what was sent before it") {
  SECTION("by the server") {
    TestServer server([](TestClient& connection) {
      connection.receive(1);
      connection.send("last words");
      connection.receive(1);  // the client has them
      connection.abort();
    });
    ProxyHost host(server.address());
    TestClient client(host.address());
    REQUIRE(client.send("x"));
    REQUIRE(client.receive(10) == "last words");
    REQUIRE(client.send("x"));
    CHECK(client.was_reset());
  }
  SECTION("by the client, while the server is silent") {
    std::promise<bool> reset;
    TestServer server([&reset](TestClient& connection) {
      connection.receive(1);
      reset.set_value(connection.was_reset());
    });
    ProxyHost host(server.address());
    TestClient client(host.address());
    REQUIRE(client.send("x"));
    REQUIRE(eventually([&] { return server.accepted() == 1; }));
    client.abort();
    auto told = reset.get_future();
    REQUIRE(told.wait_for(kDeadline) == std::future_status::ready);
    CHECK(told.get());
    CHECK(eventually([&] { return host.link().connections == 0; }));
  }
}

TEST_CASE("a receiver that does not read makes the sender stop") {
  std::promise<void> go_on;
  auto may_go_on = go_on.get_future().share();
  TestServer server([may_go_on](TestClient& connection) {
    may_go_on.wait_for(kDeadline);
    const auto all = connection.receive_all();
    connection.send(std::to_string(all ? all->size() : 0));
  });
  ProxyHost host(server.address());
  TestClient client(host.address());
  const std::string megabyte(1'000'000, 'x');
  std::size_t sent = 0;
  int stuck = 0;
  // Kernel buffers take some megabytes; a proxy without back-pressure would take 200.
  while (sent < 200'000'000 && stuck < 200) {
    const std::size_t took = client.send_what_fits(megabyte);
    sent += took;
    stuck = took == 0 ? stuck + 1 : 0;
    if (took == 0) wait_a_little();
  }
  CHECK(sent < 200'000'000);
  go_on.set_value();
  client.end_sending();
  CHECK(client.receive_all() == std::to_string(sent));
}

TEST_CASE("with its upstream down, a link resets its clients") {
  std::string address;
  {
    TestServer gone(echo);
    address = gone.address();
  }
  ProxyHost host(address);
  TestClient client(host.address());
  REQUIRE(client.connected());
  CHECK(client.was_reset());
  CHECK(eventually([&] { return host.link().connections == 0; }));
}

TEST_CASE("clients that come before the upstream is known wait for it") {
  TestServer server(echo);
  ProxyHost host("");
  TestClient early(host.address());
  REQUIRE(early.send("hello"));
  REQUIRE(eventually([&] { return host.link().connections == 1; }));
  CHECK_FALSE(early.readable());
  host.set_upstream(server.address());
  CHECK(early.receive(5) == "hello");
}

TEST_CASE("an upstream can move: new connections go to the new place, open ones stay") {
  TestServer first(echo), second(echo);
  ProxyHost host(first.address());
  TestClient old(host.address());
  REQUIRE(old.send("1"));
  REQUIRE(old.receive(1) == "1");
  host.set_upstream(second.address());
  TestClient fresh(host.address());
  REQUIRE(fresh.send("2"));
  CHECK(fresh.receive(1) == "2");
  REQUIRE(old.send("3"));
  CHECK(old.receive(1) == "3");
  CHECK(first.accepted() == 1);
  CHECK(second.accepted() == 1);
}

TEST_CASE("out of descriptors, a link refuses and goes on afterwards") {
  TestServer server(echo);
  ProxyHost host(server.address());
  TestClient before(host.address());
  REQUIRE(before.send("x"));
  REQUIRE(before.receive(1) == "x");
  TestClient refused = [&] {
    // The process takes all descriptors but the one that the client needs.
    rlimit old{};
    ::getrlimit(RLIMIT_NOFILE, &old);
    rlimit low = old;
    low.rlim_cur = 256;
    ::setrlimit(RLIMIT_NOFILE, &low);
    std::vector<FileDescriptor> hoard;
    while (true) {
      FileDescriptor next(::open("/dev/null", O_RDONLY | O_CLOEXEC));
      if (!next) break;
      hoard.push_back(std::move(next));
    }
    REQUIRE_FALSE(hoard.empty());
    hoard.pop_back();
    TestClient client(host.address());
    const bool told = client.connected() && eventually([&] { return client.readable(); });
    hoard.clear();
    ::setrlimit(RLIMIT_NOFILE, &old);
    CHECK(told);
    return client;
  }();
  CHECK(refused.was_reset());
  REQUIRE(before.send("y"));
  CHECK(before.receive(1) == "y");  // open connections are not harmed
  TestClient after(host.address());
  REQUIRE(after.send("z"));
  CHECK(after.receive(1) == "z");
  CHECK(host.link().refused >= 1);
}

TEST_CASE("addresses of upstreams are read strictly") {
  CHECK(parse_endpoint("127.0.0.1:8080").ok());
  CHECK(parse_endpoint("localhost:1").ok());
  CHECK(parse_endpoint("[::1]:65535").ok());
  const char* bad = GENERATE("", ":80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:x",
                             "example.com:80", "127.0.0.1:-1");
  INFO(bad);
  CHECK_FALSE(parse_endpoint(bad).ok());
}
