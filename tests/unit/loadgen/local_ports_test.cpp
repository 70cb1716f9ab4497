// Local ports that the engine chooses: which ones there are, and that connections start from them.

#include "loadgen/local_ports.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <set>

#include "base/file.hpp"
#include "loadgen/connection.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/loadgen/scripted_server.hpp"

namespace tidegate::loadgen {
namespace {

using Ports = std::vector<std::uint16_t>;

FileDescriptor a_socket() {
  FileDescriptor made(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(made);
  return made;
}

Address loopback(int port, const char* host = "127.0.0.1") {
  auto addresses = resolve_addresses(host, std::to_string(port));
  REQUIRE(addresses.ok());
  return addresses->front();
}

struct Name {
  std::string address;
  int port;
};

Name name_of(int socket) {
  sockaddr_in name{};
  socklen_t size = sizeof name;
  REQUIRE(::getsockname(socket, reinterpret_cast<sockaddr*>(&name), &size) == 0);
  char text[INET_ADDRSTRLEN] = {};
  ::inet_ntop(AF_INET, &name.sin_addr, text, sizeof text);
  return {text, ntohs(name.sin_port)};
}

/// A server that accepts nothing itself; the kernel completes the connections.
struct Listener {
  FileDescriptor socket = a_socket();
  int port = 0;
  Listener() {
    const Address any = loopback(0);
    REQUIRE(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&any.storage), any.size) == 0);
    REQUIRE(::listen(socket.get(), 64) == 0);
    port = name_of(socket.get()).port;
  }
};

LocalPorts only(int port) {
  return LocalPorts::parse(std::to_string(port) + " " + std::to_string(port), "");
}

}  // namespace

TEST_CASE("local ports: the kernel's range without what is reserved") {
  struct Row {
    const char *range, *reserved;
    Ports wanted;
  };
  const Row rows[] = {
      {"40000\t40003", "", {40000, 40001, 40002, 40003}},
      {"40000 40003", "40001", {40000, 40002, 40003}},
      {"40000\t40003", "8080,40000-40001,40003", {40002}},
      {"40000\t40003", "39000-50000", {}},
      {"0\t2", "", {1, 2}},  // no port has the number 0
      {"65534\t65535", "", {65534, 65535}},
      {"", "", {}},
      {"40000", "", {40000}},
      {"40003\t40000", "", {}},
      {"40000\t65536", "", {}},
      {"-5\t7", "", {}},
      {"a\tb", "", {}},
      {"40000\t40003", "x", {}},  // rather none than a reserved one
      {"40000\t40003", "40001-", {}},
      {"40000\t40003", ",", {}},
  };
  for (const Row& row : rows) {
    INFO(row.range << " without " << row.reserved);
    CHECK(LocalPorts::parse(row.range, row.reserved).all() == row.wanted);
  }
  CHECK_FALSE(LocalPorts::of_this_namespace().all().empty());
}

TEST_CASE("local ports are scarce from a quarter of them on, of each source address") {
  const LocalPorts ports = LocalPorts::parse("40001\t40400", "");
  CHECK_FALSE(ports.scarce(99, 1));
  CHECK(ports.scarce(100, 1));
  CHECK_FALSE(ports.scarce(299, 3));
  CHECK(ports.scarce(300, 3));
}

TEST_CASE("a local port is bound that is free, from the address that was asked for, and not the peer's own") {
  const Listener server;
  const FileDescriptor first = a_socket(), second = a_socket(), third = a_socket();
  const int free = unused_port();
  LocalPorts ports = only(free);
  REQUIRE(ports.bind(first.get(), loopback(server.port), nullptr));
  CHECK(name_of(first.get()).port == free);
  CHECK(name_of(first.get()).address == "0.0.0.0");

  const int other = unused_port();  // not the one that is taken by now
  const Address peer = loopback(other);
  CHECK_FALSE(ports.bind(second.get(), peer, nullptr));
  CHECK(name_of(second.get()).port == 0);

  CHECK_FALSE(only(other).bind(third.get(), peer, nullptr));  // it would connect to itself
  const Address source = loopback(0, "127.0.0.9");
  CHECK(only(other).bind(second.get(), loopback(server.port), &source));
  CHECK(name_of(second.get()).address == "127.0.0.9");
  CHECK(name_of(second.get()).port == other);

  CHECK_FALSE(LocalPorts::parse("", "").bind(third.get(), peer, nullptr));
  CHECK_FALSE(ports.bind(-1, peer, nullptr));
}

TEST_CASE("where local ports are scarce, connections start from those that the engine chose, else from the kernel's") {
  const Listener server;
  auto reactor = Reactor::create();
  REQUIRE(reactor.ok());
  for (const char* source : {"", "127.0.0.8"}) {
    INFO("from '" << source << "'");
    const int free = unused_port();
    ConnectionPool pool(*reactor, {loopback(server.port)}, nullptr,
                        *source == '\0' ? std::vector<Address>{} : std::vector<Address>{loopback(0, source)});
    pool.ports() = only(free);
    std::set<int> used;
    for (int i = 0; i < 3; ++i) {
      ErrorClass error = ErrorClass::none;
      Connection& connection = pool.take_closed();
      REQUIRE(connection.connect(pool.addresses().front(), *reactor, error) != Io::failed);
      const FileDescriptor accepted(::accept(server.socket.get(), nullptr, nullptr));
      sockaddr_in peer{};
      socklen_t size = sizeof peer;
      REQUIRE(::getpeername(accepted.get(), reinterpret_cast<sockaddr*>(&peer), &size) == 0);
      CHECK(ntohl(peer.sin_addr.s_addr) == (*source == '\0' ? 0x7f000001 : 0x7f000008));
      used.insert(ntohs(peer.sin_port));
      pool.give_back(connection);
      if (i == 0) CHECK(used == std::set{free});
    }
    CHECK(used.size() == 3);
  }
}

}  // namespace tidegate::loadgen
