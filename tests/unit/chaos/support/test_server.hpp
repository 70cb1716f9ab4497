#pragma once
// A TCP server on loopback that plays one script per connection, each on a thread of its own.

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "base/file.hpp"
#include "tests/unit/chaos/support/sockets.hpp"

namespace tidegate::chaos::test {

class TestServer {
 public:
  using Script = std::function<void(TestClient& connection)>;
  /// Scripts end within their own deadlines; the destructor waits for them.
  explicit TestServer(Script script);
  ~TestServer();
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  const std::string& address() const { return address_; }
  int accepted() const { return accepted_; }

 private:
  void accept_all();

  Script script_;
  FileDescriptor listener_;
  std::string address_;
  std::atomic<bool> stopping_{false};
  std::atomic<int> accepted_{0};
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

/// Sends back what comes, and ends when the client does.
void echo(TestClient& connection);

}  // namespace tidegate::chaos::test
