#pragma once
// Wakes the mock cluster's thread while somebody waits for it.

#include <string>
#include <thread>

namespace tidegate::platform {

/// The cluster's thread (librdkafka 2.0) now and then sleeps through a request of its owner until its second is over: a
/// start with ten topics took three seconds. A connection to one of its listeners wakes it at any time. While a Nudge
/// lives, a thread of its own opens and closes one every millisecond.
class Nudge {
 public:
  /// `bootstrap`: "127.0.0.1:40001,127.0.0.1:40002"
  explicit Nudge(const std::string& bootstrap);

 private:
  std::jthread thread_;
};

}  // namespace tidegate::platform
