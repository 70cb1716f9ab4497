#pragma once
// What the worker tests share: a scratch directory, an event that can be waited for, a loop on a thread of its own, and
// a producer's outbox that answers over HTTP.

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/asio.hpp"
#include "base/http/server.hpp"
#include "platform/events/envelope.hpp"
#include "platform/service/options.hpp"

namespace tidegate::platform {

/// How long an asynchronous test waits before it fails.
inline constexpr std::chrono::seconds kDeadline{20};

/// For what announces itself to nobody: looks every millisecond until it is so; false when the deadline passed first.
bool becomes_true(const std::function<bool()>& condition);

class ScratchDirectory {
 public:
  ScratchDirectory();
  ~ScratchDirectory();
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  const std::string& path() const { return path_; }
  std::string file(const std::string& name) const { return path_ + "/" + name; }
  /// Writes a peers file and returns its path.
  std::string write_peers(const std::map<std::string, std::string>& peers) const;

 private:
  std::string path_;
};

/// A number that threads raise and tests wait for.
class Progress {
 public:
  void add(int by = 1);
  int value() const;
  /// False when the deadline passed first.
  bool reaches(int wanted) const;

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  int value_ = 0;
};

/// An event loop on a thread; the last thing it does is stop.
class LoopThread {
 public:
  LoopThread();
  ~LoopThread();
  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;
  asio::io_context& context() { return context_; }
  /// Runs on the loop and waits for its end.
  void run(const std::function<void()>& task);

 private:
  asio::io_context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{context_.get_executor()};
  std::thread thread_;
};

/// An event of stream gateway-0/payments/PARTITION.
Envelope make_event(int partition, std::int64_t sequence, const std::string& type = "payment_created");

/// The outbox of gateway-0 for topic payments, over HTTP: holds events 1 to head of each partition.
class FakeProducer {
 public:
  FakeProducer();
  ~FakeProducer();
  std::string address() const { return address_; }
  void set_head(int partition, std::int64_t head);
  void set_broken(bool broken);
  int event_requests() const;

 private:
  asio::awaitable<http::Response> serve(const http::Request& request);
  http::Response answer(const http::Request& request);

  mutable std::mutex mutex_;
  std::map<int, std::int64_t> heads_;
  bool broken_ = false;
  int event_requests_ = 0;
  std::string address_;
  std::unique_ptr<http::Server> server_;
  LoopThread loop_;
};

}  // namespace tidegate::platform
