#pragma once
// Wakes the mock cluster's thread while somebody waits for it.

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace tidegate::platform {

/// The cluster's thread (librdkafka 2.0) now and then sleeps through a request of its owner until its second is over: a
/// start with ten topics took three seconds. A connection to one of its listeners wakes it at any time. While a Nudge
/// lives, one is opened and closed every millisecond.
class Nudger {
 public:
  /// `bootstrap`: "127.0.0.1:40001,127.0.0.1:40002"
  explicit Nudger(const std::string& bootstrap);
  ~Nudger();
  Nudger(const Nudger&) = delete;
  Nudger& operator=(const Nudger&) = delete;

 private:
  friend class Nudge;
  void run();
  void knock() const;

  std::vector<std::uint16_t> ports_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int waiting_ = 0;  // Nudges that live
  bool ending_ = false;
  std::thread thread_;
};

class Nudge {
 public:
  explicit Nudge(Nudger& nudger);
  ~Nudge();
  Nudge(const Nudge&) = delete;
  Nudge& operator=(const Nudge&) = delete;

 private:
  Nudger& nudger_;
};

}  // namespace tidegate::platform
