// The faults in the traffic: clients that nobody wants. They run in the harness and end with it.
//   malformed      requests that are no valid HTTP, and ones far too large
//   slow_loris     connections that send a request byte by byte and never end it
//   herd           many clients that come at the same moment, again and again
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <thread>

#include "base/file.hpp"
#include "base/units.hpp"
#include "chaos/faults/parse.hpp"
#include "chaos/faults/registry.hpp"

namespace tidegate::chaos {
namespace {

constexpr Nanoseconds kStep = std::chrono::milliseconds(10);
constexpr Nanoseconds kAnswerLimit = std::chrono::seconds(5);

FileDescriptor connect_to(const std::string& address) {
  const auto colon = address.rfind(':');
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(std::atoi(address.c_str() + colon + 1)));
  ::inet_pton(AF_INET, address.substr(0, colon).c_str(), &to.sin_addr);
  FileDescriptor fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd && ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0 && errno != EINPROGRESS)
    fd.reset();
  return fd;
}

/// A client of a fault: what it has still to send, and since when it waits.
struct BadClient {
  FileDescriptor fd;
  std::string rest;
  Nanoseconds born{0};
};

/// A thread that keeps bad clients going until the heal.
class TrafficFault : public RunningFault {
 public:
  TrafficFault(std::string link, TrafficControl& control) : link_(std::move(link)), control_(control) {}
  ~TrafficFault() override { stop(); }

  Result<void> inject() override {
    auto address = control_.address(link_);
    if (!address) return address.error();
    address_ = *address;
    thread_ = std::thread([this] { run(); });
    return {};
  }
  Result<bool> poll() override { return false; }
  Result<void> heal() override {
    stop();
    return {};
  }
  std::uint64_t hits() const override { return hits_; }

 protected:
  /// Makes and feeds clients; called every 10 ms.
  virtual void step(Nanoseconds now) = 0;
  bool add(std::string request, Nanoseconds now) {
    BadClient client{connect_to(address_), std::move(request), now};
    if (!client.fd) return false;
    clients_.push_back(std::move(client));
    return true;
  }
  /// Sends at most so many of its bytes; false when the client is done with or its connection is gone.
  bool feed(BadClient& client, std::size_t most, Nanoseconds now) {
    char answer[4096];
    const auto got = ::recv(client.fd.get(), answer, sizeof answer, MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != ENOTCONN)) return false;
    if (got > 0 && client.rest.empty()) return false;
    if (now - client.born > kAnswerLimit && client.rest.empty()) return false;
    if (client.rest.empty()) return true;
    const auto sent = ::send(client.fd.get(), client.rest.data(), std::min(most, client.rest.size()), MSG_NOSIGNAL);
    if (sent < 0) return errno == EAGAIN || errno == ENOTCONN;
    client.rest.erase(0, static_cast<std::size_t>(sent));
    return true;
  }
  void feed_all(std::size_t most, Nanoseconds now) {
    std::erase_if(clients_, [&](BadClient& client) { return !feed(client, most, now); });
  }

  std::vector<BadClient> clients_;
  std::atomic<std::uint64_t> hits_{0};

 private:
  void run() {
    while (!stopping_) {
      step(monotonic_now());
      std::this_thread::sleep_for(kStep);
    }
    clients_.clear();
  }
  void stop() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
  }

  std::string link_, address_;
  TrafficControl& control_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

class Malformed final : public TrafficFault {
 public:
  Malformed(double rate, std::string link, TrafficControl& control)
      : TrafficFault(std::move(link), control), rate_(rate) {}

 private:
  void step(Nanoseconds now) override {
    if (begin_.count() == 0) begin_ = now;
    const auto due = static_cast<std::uint64_t>(to_seconds(now - begin_) * rate_) + 1;
    for (; made_ < due; ++made_) {
      if (add(request(made_), now)) ++hits_;
    }
    feed_all(64 * 1024, now);
  }
  static std::string request(std::uint64_t number) {
    switch (number % 6) {
      case 0:
        return "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n";
      case 1:
        return "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
      case 2:
        return "GET / HTTP/9.9\r\nHost: a\r\n\r\n";
      case 3:
        return std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11) + "\r\n\r\n";
      case 4:
        return "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2097152\r\n\r\n" + std::string(2 << 20, 'x');
      default:
        return "GET / HTTP/1.1\r\nHost: a\r\nX-Large: " + std::string(256 * 1024, 'x') + "\r\n\r\n";
    }
  }
  double rate_;
  Nanoseconds begin_{0};
  std::uint64_t made_ = 0;
};

class SlowLoris final : public TrafficFault {
 public:
  SlowLoris(std::size_t connections, Nanoseconds every, std::string link, TrafficControl& control)
      : TrafficFault(std::move(link), control), connections_(connections), every_(every) {}

 private:
  void step(Nanoseconds now) override {
    while (clients_.size() < connections_) {
      if (!add("GET / HTTP/1.1\r\nHost: a\r\nX-Slow: " + std::string(100'000, 's'), now)) break;
      ++hits_;
    }
    if (now < next_) return;
    next_ = now + every_;
    feed_all(1, now);
  }
  std::size_t connections_;
  Nanoseconds every_, next_{0};
};

class Herd final : public TrafficFault {
 public:
  Herd(std::size_t clients, Nanoseconds every, std::string path, std::string link, TrafficControl& control)
      : TrafficFault(std::move(link), control), count_(clients), every_(every), path_(std::move(path)) {}

 private:
  void step(Nanoseconds now) override {
    if (now >= next_) {
      next_ = now + every_;
      for (std::size_t i = 0; i < count_; ++i) {
        if (add("GET " + path_ + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", now)) ++hits_;
      }
    }
    feed_all(64 * 1024, now);
  }
  std::size_t count_;
  Nanoseconds every_, next_{0};
  std::string path_;
};

std::size_t count_or(const yaml::Node& parameters, const char* key, std::size_t otherwise) {
  const auto* node = parameters.find(key);
  return node == nullptr ? otherwise : static_cast<std::size_t>(schema::as_integer(*node));
}

void traffic_kind(FaultKind& kind) {
  kind.target = TargetKind::link;
  kind.recovery = "those clients go away";
  kind.check = [](const yaml::Node&, Diagnostics&) {};
}

}  // namespace

FaultKind malformed_fault() {
  FaultKind kind;
  kind.name = "malformed";
  kind.summary =
      "Clients come that send what is no valid HTTP: contradictory lengths, two hosts, other protocols, huge heads and "
      "bodies.";
  kind.hit = "such a request";
  kind.parameters =
      schema::object({schema::optional("rate", schema::rate(), "of such requests; default 10/s")}, kind.summary);
  traffic_kind(kind);
  kind.make_traffic_fault = [](const yaml::Node& parameters, const std::string& link,
                               TrafficControl& control) -> std::unique_ptr<RunningFault> {
    const auto* rate = parameters.find("rate");
    return std::make_unique<Malformed>(rate == nullptr ? 10.0 : schema::as_rate(*rate), link, control);
  };
  return kind;
}

FaultKind slow_loris_fault() {
  FaultKind kind;
  kind.name = "slow_loris";
  kind.summary = "Clients send a request byte by byte, and never end it.";
  kind.hit = "such a connection";
  kind.parameters = schema::object({schema::optional("connections", schema::integer(1, 5000), "at a time; default 50"),
                                    schema::optional("every", schema::duration(), "from byte to byte; default 1s")},
                                   kind.summary);
  traffic_kind(kind);
  kind.make_traffic_fault = [](const yaml::Node& parameters, const std::string& link,
                               TrafficControl& control) -> std::unique_ptr<RunningFault> {
    return std::make_unique<SlowLoris>(count_or(parameters, "connections", 50),
                                       duration_or(parameters, "every", std::chrono::seconds(1)), link, control);
  };
  return kind;
}

FaultKind herd_fault() {
  FaultKind kind;
  kind.name = "herd";
  kind.summary = "A thundering herd: many new clients at the same moment, again and again.";
  kind.hit = "such a client";
  kind.parameters = schema::object({schema::optional("clients", schema::integer(1, 5000), "at a time; default 200"),
                                    schema::optional("every", schema::duration(), "from herd to herd; default 1s"),
                                    schema::optional("path", schema::text(), "that they ask for; default /readyz")},
                                   kind.summary);
  traffic_kind(kind);
  kind.make_traffic_fault = [](const yaml::Node& parameters, const std::string& link,
                               TrafficControl& control) -> std::unique_ptr<RunningFault> {
    const auto* path = parameters.find("path");
    return std::make_unique<Herd>(count_or(parameters, "clients", 200),
                                  duration_or(parameters, "every", std::chrono::seconds(1)),
                                  path == nullptr ? "/readyz" : path->text(), link, control);
  };
  return kind;
}

}  // namespace tidegate::chaos
