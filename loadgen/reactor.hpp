#pragma once
// The event loop under a load loop: epoll, edge-triggered, one registration per connection for its life, a timeout in
// nanoseconds, and a way to be woken from other threads.
//
// Why not an io_context: waiting for an answer there costs a system call per request (a read that finds nothing, or a
// re-arming epoll_ctl), which is a measurable part of the six microseconds that a request takes.

#include <cstdint>

#include "base/file.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace tidegate::loadgen {

/// Told about its descriptor. Must outlive the dispatch that is in progress.
class Watcher {
 public:
  virtual void on_events(std::uint32_t epoll_events) = 0;

 protected:
  ~Watcher() = default;
};

class Reactor {
 public:
  static Result<Reactor> create();

  /// Watches for input, output and hang-up, each reported when it begins. Closing the descriptor ends it.
  bool add(int descriptor, Watcher& watcher);
  /// Watches for input, output or both for as long as they last, or changes what is watched for: for libraries that
  /// bring descriptors of their own.
  bool watch(int descriptor, bool input, bool output, Watcher& watcher);
  void unwatch(int descriptor) noexcept;
  /// Tells the watchers what has happened, without waiting; false: nothing has.
  bool poll() { return dispatch(false) > 0; }
  /// Waits until something happens, or until a time of the monotonic clock, and tells the watchers. It may return
  /// early.
  void wait_until(Nanoseconds monotonic);
  /// Waits until a time of the monotonic clock, whatever happens meanwhile, and then tells the watchers all of it.
  void rest_until(Nanoseconds monotonic);
  /// Ends a wait early, but no rest. Any thread.
  void wake() noexcept;

 private:
  Reactor(FileDescriptor epoll, FileDescriptor event, FileDescriptor timer)
      : epoll_(std::move(epoll)), event_(std::move(event)), timer_(std::move(timer)) {}
  int dispatch(bool wait);

  FileDescriptor epoll_;
  FileDescriptor event_;
  // Armed once for a time, and left alone while events come before it: to start and cancel a timer in each wait costs
  // more than the wait saves, above all in a virtual machine.
  FileDescriptor timer_;
  Nanoseconds armed_{0};  // 0: it is not
};

}  // namespace tidegate::loadgen
