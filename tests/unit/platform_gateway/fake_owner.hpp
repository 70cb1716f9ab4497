#pragma once
// The service behind a route that the gateway passes on.

#include <cctype>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/asio.hpp"
#include "base/http/server.hpp"
#include "tests/support/catch.hpp"

namespace tidegate::platform::test {

/// Answers everything, and remembers what it was asked.
class Owner {
 public:
  struct Seen {
    std::string line, body;
    std::map<std::string, std::string> headers;  // names in small letters
  };
  Owner() : server_(context_.get_executor(), [this](const http::Request& request) { return answer(request); }) {
    REQUIRE(server_.start().ok());
    thread_ = std::thread([this] { context_.run(); });
  }
  ~Owner() {
    asio::co_spawn(context_, stop(), asio::detached);
    thread_.join();
  }
  std::string address() const { return "127.0.0.1:" + std::to_string(server_.port()); }
  std::vector<Seen> seen() const {
    const std::lock_guard lock(mutex_);
    return seen_;
  }
  void will_answer(int status, std::string body) {
    const std::lock_guard lock(mutex_);
    status_ = status;
    body_ = std::move(body);
  }

 private:
  asio::awaitable<http::Response> answer(const http::Request& request) {
    Seen asked{std::string(request.method) + " " + std::string(request.target), std::string(request.body), {}};
    for (const http::HeaderView& header : request.headers) {
      std::string name(header.name);
      for (char& c : name) c = static_cast<char>(std::tolower(c));
      asked.headers[name] += header.value;
    }
    http::Response response;
    const std::lock_guard lock(mutex_);
    seen_.push_back(std::move(asked));
    response.status = status_;
    response.body = body_;
    response.headers.emplace_back("Idempotent-Replayed", "true");
    response.headers.emplace_back("X-Inside", "secret");
    co_return response;
  }
  asio::awaitable<void> stop() {
    co_await server_.stop(std::chrono::seconds(1));
    context_.stop();
  }

  asio::io_context context_{1};
  http::Server server_;
  mutable std::mutex mutex_;
  std::vector<Seen> seen_;
  int status_ = 200;
  std::string body_ = R"({"ok":true})";
  std::thread thread_;
};

}  // namespace tidegate::platform::test
