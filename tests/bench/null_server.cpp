// The smallest server that speaks HTTP/1.1, as the other end of load benchmarks: one thread, raw epoll, the same answer
// to every request head, bodies skipped by Content-Length. It parses nothing else, so it costs as little as a server
// can.
//
//   null-server [--port N] [--status S] [--body-bytes N | --body TEXT] [--stall-every MS --stall-for MS] [--awake 1]
//
// Prints "listening on 127.0.0.1:PORT" and serves until SIGTERM. With a stall, it stops answering for that long at each
// multiple of the period since its start.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

namespace {

struct Options {
  int port = 0;
  int status = 200;
  std::string body = "xx";
  std::chrono::milliseconds stall_every{0}, stall_for{0};
  bool awake = false;  // never sleeps: to wake it is work for the sender
};

struct Connection {
  int descriptor = -1;
  std::string input;     // an incomplete head
  std::size_t skip = 0;  // bytes of a body still to come
};

std::string make_answer(const Options& options) {
  return "HTTP/1.1 " + std::to_string(options.status) +
         " OK\r\nContent-Type: text/plain\r\nContent-Length: " + std::to_string(options.body.size()) + "\r\n\r\n" +
         options.body;
}

std::size_t content_length(std::string_view head) {
  for (const std::string_view name : {"\r\nContent-Length: ", "\r\ncontent-length: "}) {
    const std::size_t at = head.find(name);
    if (at != std::string_view::npos) return std::strtoul(head.data() + at + name.size(), nullptr, 10);
  }
  return 0;
}

/// Takes whole requests off the bytes; how many answers are due.
std::size_t take_requests(Connection& connection, std::string_view bytes) {
  std::string joined;
  if (!connection.input.empty()) {
    joined = connection.input + std::string(bytes);
    connection.input.clear();
    bytes = joined;
  }
  std::size_t answers = 0;
  while (!bytes.empty()) {
    const std::size_t skipped = std::min(connection.skip, bytes.size());
    connection.skip -= skipped;
    bytes.remove_prefix(skipped);
    if (bytes.empty()) break;
    const std::size_t end = bytes.find("\r\n\r\n");
    if (end == std::string_view::npos) {
      connection.input = std::string(bytes);
      break;
    }
    connection.skip = content_length(bytes.substr(0, end + 2));
    bytes.remove_prefix(end + 4);
    ++answers;
  }
  return answers;
}

void stall(const Options& options, std::chrono::steady_clock::time_point start) {
  if (options.stall_every.count() == 0) return;
  const auto since = std::chrono::steady_clock::now() - start;
  const auto into = since % options.stall_every;
  if (since >= options.stall_every && into < options.stall_for) std::this_thread::sleep_for(options.stall_for - into);
}

int listen_on(int& port) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener, 4096) != 0 ||
      ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    std::perror("null-server: cannot listen");
    std::exit(1);
  }
  port = ntohs(address.sin_port);
  return listener;
}

void accept_all(int listener, int epoll) {
  for (;;) {
    const int accepted = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (accepted < 0) return;
    const int on = 1;
    ::setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    auto connection = std::make_unique<Connection>();
    connection->descriptor = accepted;
    epoll_event interest{};
    interest.events = EPOLLIN;
    interest.data.ptr = connection.get();
    if (::epoll_ctl(epoll, EPOLL_CTL_ADD, accepted, &interest) == 0) {
      (void)connection.release();  // deleted when its peer closes
    } else {
      ::close(accepted);
    }
  }
}

/// False when the connection has ended.
bool serve(Connection& connection, const std::string& answer) {
  static std::array<char, 64 * 1024> buffer;
  static std::string out;
  const ssize_t received = ::recv(connection.descriptor, buffer.data(), buffer.size(), 0);
  if (received <= 0) return received < 0 && errno == EAGAIN;
  const std::size_t answers = take_requests(connection, {buffer.data(), static_cast<std::size_t>(received)});
  if (answers == 0) return true;
  out.clear();
  for (std::size_t i = 0; i < answers; ++i) out += answer;
  return ::send(connection.descriptor, out.data(), out.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(out.size());
}

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    const long value = std::strtol(argv[i + 1], nullptr, 10);
    if (name == "--port") options.port = static_cast<int>(value);
    if (name == "--status") options.status = static_cast<int>(value);
    if (name == "--body-bytes") options.body.assign(static_cast<std::size_t>(value), 'x');
    if (name == "--awake") options.awake = value != 0;
    if (name == "--body") options.body = argv[i + 1];
    if (name == "--stall-every") options.stall_every = std::chrono::milliseconds(value);
    if (name == "--stall-for") options.stall_for = std::chrono::milliseconds(value);
  }
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  Options options = parse(argc, argv);
  const std::string answer = make_answer(options);
  const int listener = listen_on(options.port);
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  epoll_event interest{};
  interest.events = EPOLLIN;
  ::epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &interest);
  std::printf("listening on 127.0.0.1:%d\n", options.port);
  std::fflush(stdout);
  const auto start = std::chrono::steady_clock::now();
  std::array<epoll_event, 256> events;
  for (;;) {
    const int count = ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), options.awake ? 0 : -1);
    stall(options, start);
    for (int i = 0; i < count; ++i) {
      auto* connection = static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr);
      if (connection == nullptr) {
        accept_all(listener, epoll);
      } else if (!serve(*connection, answer)) {
        ::close(connection->descriptor);
        delete connection;
      }
    }
  }
}
