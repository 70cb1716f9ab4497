#pragma once
// A scripted HTTP server on a thread of its own, for tests of clients.

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "base/http/server.hpp"

namespace tidegate::test {

/// The handler runs on the double's thread.
class HttpDouble {
 public:
  using Answer = std::function<http::Response(const http::Request&)>;

  explicit HttpDouble(Answer answer) : answer_(std::move(answer)) {
    server_ = std::make_unique<http::Server>(
        context_.get_executor(), [this](const http::Request& request) { return respond(answer_(request)); });
    started_ = server_->start().ok();
    thread_ = std::thread([this] { context_.run_for(std::chrono::minutes(1)); });
  }
  ~HttpDouble() {
    context_.stop();
    thread_.join();
    server_.reset();
  }
  bool started() const { return started_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(server_->port()); }

 private:
  static asio::awaitable<http::Response> respond(http::Response response) { co_return response; }

  Answer answer_;
  asio::io_context context_;
  std::unique_ptr<http::Server> server_;
  bool started_ = false;
  std::thread thread_;
};

inline http::Response answer_with(int status, std::string body) {
  http::Response response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

}  // namespace tidegate::test
