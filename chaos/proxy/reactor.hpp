#pragma once
// Readiness of a proxy's sockets, edge-triggered: each is registered once, so a byte that passes costs no registration.
// Asio, on whose thread all of this runs, watches the one descriptor of the set.

#include <sys/epoll.h>

#include <cstdint>
#include <memory>
#include <vector>

#include <boost/asio/posix/stream_descriptor.hpp>

#include "base/asio.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace tidegate::chaos {

/// Not thread-safe: all calls on the executor's thread.
class Reactor {
 public:
  class Watcher {
   public:
    /// EPOLL* bits. May remove itself and others.
    virtual void ready(std::uint32_t events) = 0;

   protected:
    ~Watcher() = default;
  };
  static constexpr std::uint32_t kBothWays = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;

  explicit Reactor(const asio::any_io_executor& executor);
  ~Reactor();
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;

  /// The watcher lives until remove(). False when the machine refuses (errno says why).
  bool add(int fd, Watcher& watcher, std::uint32_t events = kBothWays);
  /// Before the descriptor is closed. No call to the watcher follows, not even of the batch under way.
  void remove(int fd, const Watcher& watcher);
  /// No call to any watcher follows, and nothing here keeps the event loop alive.
  void stop();

 private:
  void wait();
  void dispatch();
  /// Fills the batch with what is ready; how many.
  int ask();

  asio::posix::stream_descriptor set_;
  std::vector<epoll_event> batch_;
  std::size_t in_batch_ = 0, next_ = 0;
  Nanoseconds asleep_since_{0};
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace tidegate::chaos
