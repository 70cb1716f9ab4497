// Method: one thread, one event loop for the proxies, the control API, the watch on the harness and the leases' ends.
// However it ends, it heals first, lets what was held leave, and only then closes the links. Killed, it is followed by
// its watchdog, which runs the same code from run_agent's loop on.

#include "chaos/agent.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>

#include "base/http/server.hpp"
#include "base/log.hpp"
#include "chaos/agent_api.hpp"
#include "chaos/agent_state.hpp"
#include "chaos/control.hpp"
#include "chaos/toxiproxy_api.hpp"
#include "chaos/watchdog.hpp"

namespace tidegate::chaos {
namespace {

constexpr auto kTick = std::chrono::milliseconds(100);
constexpr auto kFlush = std::chrono::milliseconds(100);
constexpr int kUsage = 104;
constexpr int kCouldNotStart = 97;

/// Two descriptors a connection: takes all that the machine allows without asking.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

class AgentProcess {
 public:
  AgentProcess(const AgentOptions& options, WatchdogLine& watchdog)
      : options_(options),
        watchdog_(watchdog),
        state_(io_.get_executor(), system_clock(), &watchdog),
        toxics_(state_),
        signals_(io_, SIGTERM, SIGINT),
        watch_(io_),
        tick_(io_),
        flush_(io_) {}

  Result<void> start(Inheritance inheritance) {
    state_.limit_faults(options_.limit);
    if (inheritance.predecessor != 0) {
      unregister_agent(inheritance.predecessor);
      if (auto taken = state_.take_over(std::move(inheritance), "the agent was killed"); !taken) return taken;
    }
    auto control = listen(options_.listen, "--listen", agent_api(state_, options_.token), server_);
    if (!control) return control.error();
    std::string toxiproxy;
    if (!options_.toxiproxy.empty()) {
      auto address = listen(options_.toxiproxy, "--toxiproxy", toxiproxy_api(toxics_), toxiproxy_server_);
      if (!address) return address.error();
      toxiproxy = *address;
    }
    for (const LinkRequest& link : options_.links) {
      if (state_.has_link(link.name)) continue;
      auto opened = state_.open_link(link);
      if (!opened) return opened.error();
      std::printf("%s listens on %s\n", link.name.c_str(), opened->address.c_str());
    }
    watchdog_.listening(*control, toxiproxy);
    const AgentEndpoint endpoint{*control, options_.token, static_cast<int>(::getpid())};
    if (auto announced = announce(endpoint, toxiproxy); !announced) return announced;
    if (auto known = register_agent(endpoint); !known) {
      log::warn("other terminals will not find this agent", {{"why", known.error().message}});
    }
    log::info("chaos agent ready", {{"address", endpoint.address}, {"toxiproxy", toxiproxy}});
    wait_for_signal();
    if (options_.watch_fd >= 0) watch_harness();
    tick();
    return {};
  }

  void run() { io_.run(); }

 private:
  /// The address it got.
  Result<std::string> listen(const std::string& at, const char* option, http::Handler handler,
                             std::unique_ptr<http::Server>& server) {
    auto endpoint = parse_endpoint(at, true);
    if (!endpoint) return usage_error(std::string(option) + ": " + endpoint.error().message);
    http::ServerOptions options;
    options.address = endpoint->address().to_string();
    options.port = endpoint->port();
    server = std::make_unique<http::Server>(io_.get_executor(), std::move(handler), options);
    if (auto started = server->start(); !started) return started.error();
    return http::host_and_port(options.address, server->port());
  }

  Result<void> announce(const AgentEndpoint& endpoint, const std::string& toxiproxy) const {
    if (!options_.ready_file.empty()) return write_agent_file(options_.ready_file, endpoint);
    std::string text = "control API on " + endpoint.address + "\n";
    if (!toxiproxy.empty()) text += "Toxiproxy's API on " + toxiproxy + "\n";
    std::fflush(stdout);
    return write_all(STDOUT_FILENO, text, "standard output");
  }

  void wait_for_signal() {
    signals_.async_wait([this](error_code error, int number) {
      if (!error) end(number == SIGINT ? "SIGINT" : "SIGTERM");
    });
  }

  void watch_harness() {
    watch_.assign(options_.watch_fd);
    read_watch();
  }

  // The harness never writes: a read returns when its end of the pipe is closed, however it died.
  void read_watch() {
    watch_.async_read_some(asio::buffer(watch_byte_), [this](error_code error, std::size_t) {
      if (error == asio::error::operation_aborted) return;
      if (!error) return read_watch();
      end("the harness is gone");
    });
  }

  void tick() {
    state_.check();
    watchdog_.alive();
    tick_.expires_after(kTick);
    tick_.async_wait([this](error_code error) {
      if (!error) tick();
    });
  }

  void end(const std::string& why) {
    if (ending_) return;
    ending_ = true;
    log::info("chaos agent ending", {{"why", why}});
    state_.heal_all(why);
    flush_.expires_after(kFlush);
    flush_.async_wait([this](error_code) {
      state_.stop();
      watchdog_.goodbye();
      unregister_agent(static_cast<int>(::getpid()));
      if (!options_.ready_file.empty()) ::unlink(options_.ready_file.c_str());
      io_.stop();
    });
  }

  const AgentOptions& options_;
  WatchdogLine& watchdog_;
  asio::io_context io_{1};
  AgentState state_;
  Toxics toxics_;
  std::unique_ptr<http::Server> server_, toxiproxy_server_;
  asio::signal_set signals_;
  asio::posix::stream_descriptor watch_;
  char watch_byte_[1] = {};
  asio::steady_timer tick_, flush_;
  bool ending_ = false;
};

int run_one(const AgentOptions& options, WatchdogLine& watchdog, Inheritance inheritance) {
  AgentProcess agent(options, watchdog);
  if (auto started = agent.start(std::move(inheritance)); !started) {
    log::error("chaos agent could not start", {{"reason", started.error().message}});
    watchdog.goodbye();
    return started.error().kind == Error::Kind::usage ? kUsage : kCouldNotStart;
  }
  agent.run();
  return 0;
}

}  // namespace

int run_agent(const AgentOptions& asked) {
  if (asked.token.empty()) {
    log::error("chaos agent needs a token: --token, or TIDEGATE_AGENT_TOKEN in its environment");
    return kUsage;
  }
  log::configure("chaos-agent");
  raise_descriptor_limit();
  std::signal(SIGPIPE, SIG_IGN);  // a broken log pipe must not end the one process that can heal
  AgentOptions options = asked;
  Inheritance inheritance;
  for (;;) {
    auto fork = fork_watchdog();
    if (!fork) {
      log::error("chaos agent could not start", {{"reason", fork.error().message}});
      return kCouldNotStart;
    }
    if (!fork->is_watchdog) return run_one(options, *fork->line, std::move(inheritance));
    inheritance = {};  // duplicates that the new agent tells of itself
    auto succession = wait_for_agent(std::move(*fork));
    if (!succession) ::_exit(0);
    inheritance = std::move(succession->inheritance);
    if (!succession->control.empty()) options.listen = succession->control;
    if (!succession->toxiproxy.empty()) options.toxiproxy = succession->toxiproxy;
  }
}

}  // namespace tidegate::chaos
