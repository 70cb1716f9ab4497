#pragma once
// A vault for the gateway's tests: gives a token for each card and remembers for whom.

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/asio.hpp"
#include "base/http/server.hpp"

namespace tidegate::platform::test {

class FakeVault {
 public:
  FakeVault();
  ~FakeVault();
  FakeVault(const FakeVault&) = delete;
  FakeVault& operator=(const FakeVault&) = delete;
  std::string address() const { return "127.0.0.1:" + std::to_string(server_.port()); }
  /// From now on it answers 503.
  void fail() { failing_ = true; }
  /// "TENANT NUMBER" of each card that it took.
  std::vector<std::string> taken() const;

 private:
  asio::awaitable<http::Response> answer(const http::Request& request);
  asio::awaitable<void> stop();

  asio::io_context context_{1};
  http::Server server_;
  std::atomic<bool> failing_{false};
  mutable std::mutex mutex_;
  std::vector<std::string> taken_;
  std::thread thread_;
};

}  // namespace tidegate::platform::test
