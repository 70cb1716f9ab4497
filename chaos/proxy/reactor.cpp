#include "chaos/proxy/reactor.hpp"

#include "base/assert.hpp"
#include "base/time.hpp"

namespace tidegate::chaos {
namespace {

constexpr std::size_t kBatch = 256;
// Before the control API and the timers get their turn: while traffic flows, asking again is cheaper than being woken,
// but a storm of it must not keep the one waiting that could heal.
constexpr int kRounds = 8;
// Where traffic is dense, whoever sends has to wake the proxy many thousand times a second, and pays for it: 4 % of the
// throughput of 64 connections. After a sleep of less than kShort the next events are waited for awake, for kAwake at
// most. A link with less traffic sleeps as ever.
constexpr Nanoseconds kShort = std::chrono::microseconds(60);
constexpr Nanoseconds kAwake = std::chrono::microseconds(40);

}  // namespace

Reactor::Reactor(const asio::any_io_executor& executor) : set_(executor), batch_(kBatch) {
  const int set = ::epoll_create1(EPOLL_CLOEXEC);
  TIDEGATE_ASSERT(set >= 0);
  set_.assign(set);
  wait();
}

Reactor::~Reactor() {
  *alive_ = false;
}

void Reactor::stop() {
  *alive_ = false;
  set_.cancel();
}

bool Reactor::add(int fd, Watcher& watcher, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &watcher;
  return ::epoll_ctl(set_.native_handle(), EPOLL_CTL_ADD, fd, &event) == 0;
}

void Reactor::remove(int fd, const Watcher& watcher) {
  epoll_event ignored{};
  ::epoll_ctl(set_.native_handle(), EPOLL_CTL_DEL, fd, &ignored);
  for (std::size_t i = next_; i < in_batch_; ++i) {
    if (batch_[i].data.ptr == &watcher) batch_[i].data.ptr = nullptr;
  }
}

void Reactor::wait() {
  set_.async_wait(asio::posix::stream_descriptor::wait_read, [this, alive = alive_](error_code error) {
    if (error || !*alive) return;
    dispatch();
    if (*alive) wait();
  });
}

void Reactor::dispatch() {
  const auto alive = alive_;
  Nanoseconds last_event = monotonic_now();
  const bool dense = last_event - asleep_since_ < kShort;
  std::size_t handled = 0;
  for (int round = 0; round < kRounds && handled < kBatch; ++round) {
    int count = ask();
    while (count <= 0 && dense && monotonic_now() - last_event < kAwake) count = ask();
    if (count <= 0) break;
    in_batch_ = static_cast<std::size_t>(count);
    handled += in_batch_;
    for (next_ = 0; next_ < in_batch_;) {
      const epoll_event event = batch_[next_++];
      if (event.data.ptr == nullptr) continue;
      static_cast<Watcher*>(event.data.ptr)->ready(event.events);
      if (!*alive) return;
    }
    in_batch_ = next_ = 0;
    if (dense) last_event = monotonic_now();
  }
  asleep_since_ = monotonic_now();
}

int Reactor::ask() {
  return ::epoll_wait(set_.native_handle(), batch_.data(), static_cast<int>(batch_.size()), 0);
}

}  // namespace tidegate::chaos
