#include "loadgen/reactor.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/assert.hpp"

namespace tidegate::loadgen {

namespace {
constexpr int kEventsPerWait = 64;  // then arrivals have their turn: some 0.4 ms of work
}

Result<Reactor> Reactor::create() {
  FileDescriptor epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return system_error("make an event loop", errno);
  FileDescriptor event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!event) return system_error("make an event loop", errno);
  epoll_event interest{};
  interest.events = EPOLLIN;
  interest.data.ptr = nullptr;
  if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, event.get(), &interest) != 0)
    return system_error("make an event loop", errno);
  return Reactor(std::move(epoll), std::move(event));
}

bool Reactor::add(int descriptor, Watcher& watcher) {
  epoll_event interest{};
  interest.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  interest.data.ptr = &watcher;
  return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, descriptor, &interest) == 0;
}

bool Reactor::watch(int descriptor, bool input, bool output, Watcher& watcher) {
  epoll_event interest{};
  interest.events = (input ? EPOLLIN : 0U) | (output ? EPOLLOUT : 0U);
  interest.data.ptr = &watcher;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, descriptor, &interest) == 0) return true;
  return errno == ENOENT && ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, descriptor, &interest) == 0;
}

void Reactor::unwatch(int descriptor) noexcept {
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, descriptor, nullptr);
}

void Reactor::wait(Nanoseconds limit) {
  std::array<epoll_event, kEventsPerWait> events;
  const auto bounded = std::max(limit, Nanoseconds{0});
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(bounded);
  const timespec timeout{static_cast<time_t>(seconds.count()), static_cast<long>((bounded - seconds).count())};
  const int count = ::epoll_pwait2(epoll_.get(), events.data(), kEventsPerWait, &timeout, nullptr);
  TIDEGATE_ASSERT(count >= 0 || errno == EINTR);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    if (event.data.ptr != nullptr) {
      static_cast<Watcher*>(event.data.ptr)->on_events(event.events);
      continue;
    }
    std::uint64_t drained = 0;
    [[maybe_unused]] const auto read = ::read(event_.get(), &drained, sizeof drained);
  }
}

void Reactor::wake() noexcept {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(event_.get(), &one, sizeof one);  // fails only when a wake is pending
}

}  // namespace tidegate::loadgen
