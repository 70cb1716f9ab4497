#pragma once
// One of the autoscaler's worker processes: started, told which units to hold, asked which it has, ended.

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "base/asio.hpp"
#include "base/http/client.hpp"
#include "base/process.hpp"
#include "platform/service/options.hpp"

namespace tidegate::platform {

/// Lives on one loop, whose thread outlives it (the process dies with that thread).
class Member {
 public:
  static Result<std::unique_ptr<Member>> start(asio::any_io_executor loop, const std::string& name,
                                               const ServiceOptions& fleet, int events_per_second);
  ~Member();

  const std::string& name() const { return name_; }
  int pid() const { return process_.pid(); }
  bool running() { return !process_.poll(); }
  /// Listening, so that it can be asked.
  bool reachable();
  /// Without an answer since (monotonic); from its start on when there was none.
  Nanoseconds silent_since() const { return heard_at_; }

  /// Tells it what to hold and learns what it holds; false when it did not answer.
  asio::awaitable<bool> tell(std::set<int> units);
  /// What it held at its last answer, by unit: where it serves; "" while it does not.
  const std::map<int, std::string>& units() const { return units_; }

  /// SIGTERM; it is gone once running() says false.
  void retire();
  bool retiring() const { return retiring_; }
  void kill();

 private:
  Member(asio::any_io_executor loop, std::string name, std::string ready_file, std::string token)
      : loop_(std::move(loop)),
        name_(std::move(name)),
        ready_file_(std::move(ready_file)),
        token_(std::move(token)),
        heard_at_(monotonic_now()) {}

  const asio::any_io_executor loop_;
  const std::string name_, ready_file_, token_;
  ChildProcess process_;
  std::shared_ptr<http::Client> control_;
  std::map<int, std::string> units_;
  Nanoseconds heard_at_;
  bool retiring_ = false;
};

}  // namespace tidegate::platform
