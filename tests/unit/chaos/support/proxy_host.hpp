#pragma once
// An agent's state with its event loop on a thread, for tests of proxies and faults in one process.

#include <future>
#include <string>
#include <thread>
#include <type_traits>

#include <boost/asio/executor_work_guard.hpp>

#include "base/asio.hpp"
#include "base/log.hpp"
#include "chaos/agent_state.hpp"
#include "chaos/fault.hpp"
#include "tests/support/catch.hpp"

namespace tidegate::chaos::test {

/// `{delay: 100ms}` as a node.
inline yaml::Node parse_yaml(const std::string& text) {
  Diagnostics diagnostics;
  auto node = yaml::parse(text, "test.yaml", diagnostics);
  INFO(diagnostics.text());
  REQUIRE(diagnostics.empty());
  return node;
}

/// The agent's log of who injected what would bury the tests' own output.
inline const bool kQuiet = (log::configure("unit_chaos", log::Level::error), true);

class ProxyHost {
 public:
  /// One link "a->b" to the upstream; none when empty.
  explicit ProxyHost(const std::string& upstream, const Clock& clock = system_clock())
      : state_(io_.get_executor(), clock), thread_([this] { io_.run(); }) {
    address_ = on_thread([&] {
      auto link = state_.open_link({"a->b"});
      return link ? link->address : link.error().message;
    });
    if (!upstream.empty()) set_upstream(upstream);
  }
  // NOLINTNEXTLINE(bugprone-exception-escape): a test whose host does not stop may end here.
  ~ProxyHost() {
    on_thread([this] {
      state_.stop();
      return 0;
    });
    work_.reset();
    thread_.join();
  }

  const std::string& address() const { return address_; }
  void set_upstream(const std::string& upstream) {
    REQUIRE(on_thread([&] { return state_.set_upstream("a->b", upstream).ok(); }));
  }
  void inject(const std::string& id, const std::string& kind, const std::string& parameters, Match match = {},
              std::uint64_t seed = 1) {
    LeaseRequest request;
    request.id = id;
    request.link = "a->b";
    request.kind = kind;
    request.parameters = parse_yaml(parameters);
    request.match = std::move(match);
    request.seed = seed;
    request.needs_heartbeat = false;
    REQUIRE(on_thread([&] { return state_.inject(request).ok(); }));
  }
  void heal(const std::string& id) {
    on_thread([&] { return state_.heal(id, "asked"); });
  }
  std::uint64_t hits(const std::string& id) {
    return on_thread([&] { return state_.report(id).hits; });
  }
  LinkReport link() {
    return on_thread([&] { return state_.status().links.at(0); });
  }

  /// Runs on the loop's thread and waits for it.
  template <typename Action>
  std::invoke_result_t<Action> on_thread(Action action) {
    std::packaged_task<std::invoke_result_t<Action>()> task(std::move(action));
    auto future = task.get_future();
    asio::post(io_, [&task] { task(); });
    return future.get();
  }
  AgentState& state() { return state_; }
  asio::any_io_executor executor() { return io_.get_executor(); }

 private:
  asio::io_context io_;
  boost::asio::executor_work_guard<asio::io_context::executor_type> work_ = boost::asio::make_work_guard(io_);
  AgentState state_;
  std::string address_;
  std::thread thread_;
};

}  // namespace tidegate::chaos::test
