// Traffic without end, and the rest of the loop: the control API and the timers that heal are on the same thread.
#include "chaos/proxy/reactor.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <optional>

#include "base/file.hpp"
#include "tests/support/catch.hpp"

using namespace tidegate;
using namespace tidegate::chaos;

namespace {

constexpr std::uint64_t kFarTooMany = 200'000;

/// Sockets that are ready again as soon as they were served. They give up at a number that a starved loop reaches.
struct Storm {
  struct One final : Reactor::Watcher {
    Storm* storm = nullptr;
    FileDescriptor fd;
    void ready(std::uint32_t) override { storm->served(fd.get()); }
  };
  std::vector<std::unique_ptr<One>> all;
  std::uint64_t count = 0;

  Storm(Reactor& reactor, int sockets) {
    for (int i = 0; i < sockets; ++i) {
      all.push_back(std::make_unique<One>());
      all.back()->storm = this;
      all.back()->fd.reset(::eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC));
      REQUIRE(reactor.add(all.back()->fd.get(), *all.back()));
    }
  }
  void served(int fd) {
    const std::uint64_t one = 1;
    if (++count < kFarTooMany) REQUIRE(::write(fd, &one, sizeof one) == sizeof one);
  }
};

}  // namespace

TEST_CASE("a storm of traffic leaves posted work, sockets and timers their turn") {
  const int sockets = GENERATE(1, 64, 700);
  asio::io_context io{1};
  Reactor reactor(io.get_executor());
  Storm storm(reactor, sockets);

  // Each step of a request to the control API is such a turn; all of them together come long before the storm's end.
  std::vector<std::uint64_t> turns;
  std::function<void()> next = [&] {
    turns.push_back(storm.count);
    if (turns.size() < 20) asio::post(io, next);
  };
  asio::post(io, next);
  asio::steady_timer timer(io, std::chrono::milliseconds(1));
  std::optional<std::uint64_t> timer_at;
  timer.async_wait([&](error_code) { timer_at = storm.count; });
  const FileDescriptor api(::eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC));
  asio::posix::stream_descriptor socket(io, ::dup(api.get()));
  std::optional<std::uint64_t> socket_at;
  socket.async_wait(asio::posix::stream_descriptor::wait_read, [&](error_code) { socket_at = storm.count; });

  while (io.run_one() > 0 && !(turns.size() == 20 && timer_at && socket_at) && storm.count < kFarTooMany) {
  }
  CHECK(turns.size() == 20);
  CHECK(storm.count < kFarTooMany);
  REQUIRE(timer_at);
  REQUIRE(socket_at);
  // Between two turns, no more than a batch or two of the storm.
  for (std::size_t i = 1; i < turns.size(); ++i) CHECK(turns[i] - turns[i - 1] <= 600);
  reactor.stop();
  io.run();
}

TEST_CASE("a watcher that is removed within the batch is called no more") {
  asio::io_context io{1};
  Reactor reactor(io.get_executor());
  struct Pair final : Reactor::Watcher {
    Reactor* reactor = nullptr;
    Pair* other = nullptr;
    FileDescriptor fd;
    int calls = 0;
    void ready(std::uint32_t) override {
      ++calls;
      reactor->remove(other->fd.get(), *other);
    }
  } a, b;
  for (Pair* each : {&a, &b}) {
    each->reactor = &reactor;
    each->other = each == &a ? &b : &a;
    each->fd.reset(::eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC));
  }
  REQUIRE(reactor.add(a.fd.get(), a));
  REQUIRE(reactor.add(b.fd.get(), b));
  io.run_one();
  CHECK(a.calls + b.calls == 1);
  reactor.stop();
  io.run();
}
