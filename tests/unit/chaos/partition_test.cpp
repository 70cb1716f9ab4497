#include "tests/support/catch.hpp"
#include "tests/unit/chaos/support/proxy_host.hpp"
#include "tests/unit/chaos/support/test_server.hpp"

using namespace tidegate;
using namespace tidegate::chaos;
using namespace tidegate::chaos::test;

TEST_CASE("partition: bytes stop on an open connection, and flow on after the heal") {
  TestServer server(echo);
  ProxyHost host(server.address());
  TestClient client(host.address());
  REQUIRE(client.send("before"));
  REQUIRE(client.receive(6) == "before");
  host.inject("cut", "partition", "{}");
  CHECK(host.hits("cut") == 0);  // nothing wanted to pass yet
  REQUIRE(client.send("during"));
  REQUIRE(eventually([&] { return host.hits("cut") == 1; }));
  CHECK_FALSE(client.readable());  // no byte, no end, no reset
  host.heal("cut");
  CHECK(client.receive(6) == "during");
}

TEST_CASE("partition: a stream in full flow loses no byte") {
  TestServer server(echo);
  ProxyHost host(server.address());
  TestClient client(host.address());
  const std::string sent = random_bytes(12'000'000, 4);
  std::jthread sender([&] {
    client.send(sent);
    client.end_sending();
  });
  std::string got = client.receive(1'000'000);
  host.inject("cut", "partition", "{}");
  // One direction at least has bytes left; the other may have passed all that the server will get before the heal.
  REQUIRE(eventually([&] { return host.hits("cut") >= 1; }));
  while (client.readable()) got += client.receive(65536, std::chrono::milliseconds(50));
  CHECK(got.size() < sent.size());
  host.heal("cut");
  got += client.receive_all().value_or("");
  sender.join();
  CHECK(got == sent);
}

TEST_CASE("partition: new connections are accepted and stay silent until the heal") {
  TestServer server(echo);
  ProxyHost host(server.address());
  host.inject("cut", "partition", "{}");
  TestClient client(host.address());
  REQUIRE(client.connected());
  REQUIRE(client.send("hello"));
  REQUIRE(eventually([&] { return host.hits("cut") == 1; }));
  CHECK_FALSE(client.readable());
  CHECK(server.accepted() == 0);
  host.heal("cut");
  CHECK(client.receive(5) == "hello");
}

TEST_CASE("partition: one way stops that way only") {
  std::promise<std::string> request;
  TestServer server([&request](TestClient& connection) {
    connection.send("greeting");
    request.set_value(connection.receive(5));
  });
  ProxyHost host(server.address());
  auto heard = request.get_future();
  SECTION("upstream") {
    host.inject("cut", "partition", "{direction: upstream}");
    TestClient client(host.address());
    REQUIRE(client.send("hello"));
    CHECK(client.receive(8) == "greeting");
    REQUIRE(eventually([&] { return host.hits("cut") == 1; }));
    CHECK(heard.wait_for(std::chrono::seconds(0)) == std::future_status::timeout);
    host.heal("cut");
    REQUIRE(heard.wait_for(kDeadline) == std::future_status::ready);
    CHECK(heard.get() == "hello");
  }
  SECTION("downstream") {
    host.inject("cut", "partition", "{direction: downstream}");
    TestClient client(host.address());
    REQUIRE(client.send("hello"));
    REQUIRE(heard.wait_for(kDeadline) == std::future_status::ready);
    CHECK(heard.get() == "hello");
    REQUIRE(eventually([&] { return host.hits("cut") == 1; }));
    CHECK_FALSE(client.readable());
    host.heal("cut");
    CHECK(client.receive(8) == "greeting");
  }
}

TEST_CASE("partition: the first N connections only") {
  TestServer server(echo);
  ProxyHost host(server.address());
  host.inject("cut", "partition", "{}", Match{1, 1, 2});
  TestClient first(host.address()), second(host.address()), third(host.address());
  REQUIRE(eventually([&] { return host.link().accepted == 3; }));
  REQUIRE(third.send("x"));
  CHECK(third.receive(1) == "x");
  CHECK(host.hits("cut") == 2);
  CHECK(server.accepted() == 1);
}

TEST_CASE("partition: a client that gave up meanwhile leaves nothing behind") {
  TestServer server(echo);
  ProxyHost host(server.address());
  host.inject("cut", "partition", "{}");
  {
    TestClient client(host.address());
    REQUIRE(client.send("hello"));
  }
  REQUIRE(eventually([&] { return host.hits("cut") == 1; }));
  host.heal("cut");
  CHECK(eventually([&] { return host.link().connections == 0; }));
}

TEST_CASE("partition and latency together: nothing passes until both let it") {
  TestServer server(echo);
  ProxyHost host(server.address());
  TestClient client(host.address());
  host.inject("slow", "latency", "{delay: 30m}");
  REQUIRE(client.send("x"));
  REQUIRE(eventually([&] { return host.hits("slow") == 1; }));
  host.inject("cut", "partition", "{}");
  CHECK(host.hits("cut") == 1);  // the byte that latency holds
  host.heal("slow");
  CHECK_FALSE(client.readable());
  host.heal("cut");
  CHECK(client.receive(1) == "x");
}
