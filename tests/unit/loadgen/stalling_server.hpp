#pragma once
// A server that answers at once, except while it stalls, and keeps a log of when each answer left. One thread.

#include <atomic>
#include <map>
#include <string>
#include <thread>

#include "base/time.hpp"

namespace tidegate::loadgen {

class StallingServer {
 public:
  /// Stalls over [from, from + length) since its first request.
  StallingServer(Nanoseconds from, Nanoseconds length);
  ~StallingServer();
  StallingServer(const StallingServer&) = delete;
  StallingServer& operator=(const StallingServer&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  /// Ends it; after that, target of each request to the monotonic time at which its answer was written.
  const std::map<std::string, Nanoseconds>& stop_and_read_log();

 private:
  struct Peer;
  void run();
  void serve(Peer& peer);
  void stall_when_due();

  const Nanoseconds from_, length_;
  int port_ = 0, listener_ = -1, epoll_ = -1;
  Nanoseconds first_{0};
  std::map<std::string, Nanoseconds> log_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace tidegate::loadgen
