#pragma once
// One unit: a worker on a thread. Starts once its database is free, and ends when it is told.

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>

#include "platform/worker/worker.hpp"

namespace tidegate::platform {

class Unit {
 public:
  /// `host`: the options of the process that holds it.
  Unit(int number, const ServiceOptions& host, std::span<const RoleEntry> known, Worker::WrapBus wrap);
  /// Ends it and waits.
  ~Unit();
  Unit(const Unit&) = delete;
  Unit& operator=(const Unit&) = delete;

  /// "127.0.0.1:4001"; empty while it does not serve.
  std::string address() const;
  /// Begins its end; ended() tells.
  void stop();
  bool ended() const { return ended_; }

 private:
  void run();
  /// False: its database is not free yet.
  bool serve();
  void note_address(const std::string& ready_file);

  ServiceOptions options_;
  const std::span<const RoleEntry> known_;
  const Worker::WrapBus wrap_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  Worker* running_ = nullptr;  // while it may be told to stop
  std::string address_;
  std::atomic<bool> ended_{false};
  std::thread thread_;
};

}  // namespace tidegate::platform
