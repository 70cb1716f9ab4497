#pragma once
// A server that answers as a test tells it to, bytes and all, for engine tests: one thread per connection.

#include <atomic>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace tidegate::loadgen {

/// One request, and the means to answer it, well or badly.
class Conversation {
 public:
  Conversation(int descriptor, std::string its_head, std::string its_body, int its_number,
               const std::atomic<bool>& stopping)
      : head(std::move(its_head)),
        body(std::move(its_body)),
        number(its_number),
        descriptor_(descriptor),
        stopping_(stopping) {}

  std::string head;  ///< request line and headers
  std::string body;
  int number;  ///< of this request on the server, from 1

  std::string method() const { return head.substr(0, head.find(' ')); }
  std::string path() const;
  std::string header(const std::string& name) const;

  void answer(int status, const std::string& body_text = {}, const std::string& headers = {});
  void raw(const std::string& bytes);
  void close() { open_ = false; }
  /// Ends the connection with RST.
  void reset();
  /// Waits until the time has passed or the server stops.
  void stall(std::chrono::milliseconds time) const;
  bool open() const { return open_; }
  bool stopping() const { return stopping_; }

 private:
  int descriptor_;
  bool open_ = true;
  const std::atomic<bool>& stopping_;
};

class ScriptedServer {
 public:
  using Script = std::function<void(Conversation&)>;
  explicit ScriptedServer(Script script);
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  int connections() const { return connections_; }
  int requests() const { return requests_; }
  /// Request lines and bodies in the order of their arrival.
  std::vector<std::pair<std::string, std::string>> log() const;

 private:
  void accept_loop();
  void serve(int descriptor);

  Script script_;
  int port_ = 0;
  int listener_ = -1;
  std::atomic<bool> stopping_{false};
  std::atomic<int> connections_{0}, requests_{0};
  mutable std::mutex mutex_;
  std::vector<std::pair<std::string, std::string>> log_;
  std::list<std::thread> threads_;
  std::thread acceptor_;
};

/// A port on which nobody listens.
int unused_port();

}  // namespace tidegate::loadgen
