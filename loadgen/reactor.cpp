#include "loadgen/reactor.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>

#include "base/assert.hpp"

namespace tidegate::loadgen {

namespace {
constexpr int kEventsPerWait = 64;   // then arrivals have their turn: some 0.4 ms of work
constexpr int kTurnsAfterRest = 16;  // the same, once many may have come together
// What an event is about when it is not a watcher, which no address below 2 is.
constexpr std::uint64_t kWoken = 0, kTimer = 1;

timespec timespec_of(Nanoseconds time) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time);
  return {static_cast<time_t>(seconds.count()), static_cast<long>((time - seconds).count())};
}
}  // namespace

Result<Reactor> Reactor::create() {
  FileDescriptor epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return system_error("make an event loop", errno);
  FileDescriptor event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!event) return system_error("make an event loop", errno);
  FileDescriptor timer(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  if (!timer) return system_error("make an event loop", errno);
  // Edge-triggered: neither is ever read.
  for (const auto& [descriptor, mark] : {std::pair(event.get(), kWoken), std::pair(timer.get(), kTimer)}) {
    epoll_event interest{};
    interest.events = EPOLLIN | EPOLLET;
    interest.data.u64 = mark;
    if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, descriptor, &interest) != 0)
      return system_error("make an event loop", errno);
  }
  return Reactor(std::move(epoll), std::move(event), std::move(timer));
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

void Reactor::wait_until(Nanoseconds monotonic) {
  if (armed_.count() == 0 || monotonic < armed_) {
    itimerspec time{};
    time.it_value = timespec_of(monotonic);
    TIDEGATE_ASSERT(::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &time, nullptr) == 0);
    armed_ = monotonic;
  }
  dispatch(true);
}

void Reactor::rest_until(Nanoseconds monotonic) {
  const timespec time = timespec_of(monotonic);
  while (::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nullptr) == EINTR) continue;
  for (int turn = 0; turn < kTurnsAfterRest && poll(); ++turn) continue;
}

int Reactor::dispatch(bool wait) {
  std::array<epoll_event, kEventsPerWait> events;
  const int count = ::epoll_wait(epoll_.get(), events.data(), kEventsPerWait, wait ? -1 : 0);
  TIDEGATE_ASSERT(count >= 0 || errno == EINTR);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    if (event.data.u64 == kTimer) armed_ = Nanoseconds{0};
    if (event.data.u64 == kTimer || event.data.u64 == kWoken) continue;
    static_cast<Watcher*>(event.data.ptr)->on_events(event.events);
  }
  return std::max(count, 0);
}

void Reactor::wake() noexcept {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(event_.get(), &one, sizeof one);  // fails only when a wake is pending
}

}  // namespace tidegate::loadgen
