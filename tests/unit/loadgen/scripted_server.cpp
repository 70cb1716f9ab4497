#include "tests/unit/loadgen/scripted_server.hpp"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/http/message.hpp"
#include "tests/support/catch.hpp"

namespace tidegate::loadgen {
namespace {

int bound_socket(int& port) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  REQUIRE(::bind(descriptor, reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  port = ntohs(address.sin_port);
  return descriptor;
}

/// Waits for input in short steps, so that a stopping server ends soon.
bool wait_readable(int descriptor, const std::atomic<bool>& stopping) {
  pollfd entry{descriptor, POLLIN, 0};
  while (!stopping) {
    if (::poll(&entry, 1, 20) > 0) return true;
  }
  return false;
}

}  // namespace

std::string Conversation::path() const {
  const std::size_t start = head.find(' ') + 1;
  return head.substr(start, head.find(' ', start) - start);
}

std::string Conversation::header(const std::string& name) const {
  const std::size_t at = head.find("\r\n" + name + ": ");
  if (at == std::string::npos) return {};
  const std::size_t start = at + name.size() + 4;
  return head.substr(start, head.find("\r\n", start) - start);
}

void Conversation::answer(int status, const std::string& body_text, const std::string& headers) {
  raw("HTTP/1.1 " + std::to_string(status) + " " + std::string(http::reason_phrase(status)) +
      "\r\nContent-Length: " + std::to_string(body_text.size()) + "\r\n" + headers + "\r\n" + body_text);
}

void Conversation::raw(const std::string& bytes) {
  for (std::size_t sent = 0; sent < bytes.size() && open_;) {
    const ssize_t part = ::send(descriptor_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (part <= 0) open_ = false;
    if (part > 0) sent += static_cast<std::size_t>(part);
  }
}

void Conversation::reset() {
  const linger hard{1, 0};
  ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  open_ = false;
}

void Conversation::stall(std::chrono::milliseconds time) const {
  const auto until = std::chrono::steady_clock::now() + time;
  while (!stopping_ && std::chrono::steady_clock::now() < until) ::poll(nullptr, 0, 5);
}

ScriptedServer::ScriptedServer(Script script) : script_(std::move(script)), listener_(bound_socket(port_)) {
  REQUIRE(::listen(listener_, 1024) == 0);
  acceptor_ = std::thread([this] { accept_loop(); });
}

ScriptedServer::~ScriptedServer() {
  stopping_ = true;
  acceptor_.join();
  for (std::thread& thread : threads_) thread.join();
  ::close(listener_);
}

void ScriptedServer::accept_loop() {
  while (wait_readable(listener_, stopping_)) {
    const int accepted = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (accepted < 0) continue;
    ++connections_;
    threads_.emplace_back([this, accepted] {
      serve(accepted);
      ::close(accepted);
    });
  }
}

void ScriptedServer::serve(int descriptor) {
  std::string input;
  char buffer[16 * 1024];
  for (;;) {
    const std::size_t end = input.find("\r\n\r\n");
    std::size_t length = 0;
    if (end != std::string::npos) {
      const std::size_t at = input.find("Content-Length: ");
      if (at < end) length = std::strtoul(input.c_str() + at + 16, nullptr, 10);
    }
    if (end == std::string::npos || input.size() < end + 4 + length) {
      if (!wait_readable(descriptor, stopping_)) return;
      const ssize_t received = ::recv(descriptor, buffer, sizeof buffer, 0);
      if (received <= 0) return;
      input.append(buffer, static_cast<std::size_t>(received));
      continue;
    }
    Conversation conversation(descriptor, input.substr(0, end + 2), input.substr(end + 4, length), ++requests_,
                              stopping_);
    input.erase(0, end + 4 + length);
    {
      const std::lock_guard lock(mutex_);
      log_.emplace_back(conversation.head.substr(0, conversation.head.find("\r\n")), conversation.body);
    }
    script_(conversation);
    if (!conversation.open()) return;
  }
}

std::vector<std::pair<std::string, std::string>> ScriptedServer::log() const {
  const std::lock_guard lock(mutex_);
  return log_;
}

int unused_port() {
  int port = 0;
  ::close(bound_socket(port));
  return port;
}

}  // namespace tidegate::loadgen
