// Method: one thread, one event loop for the proxies, the control API, the watch on the harness and the leases' ends.
// However it ends, it heals first, lets what was held leave, and only then closes the links.

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
  explicit AgentProcess(const AgentOptions& options)
      : options_(options),
        state_(io_.get_executor(), system_clock()),
        signals_(io_, SIGTERM, SIGINT),
        watch_(io_),
        tick_(io_),
        flush_(io_) {}

  Result<void> start() {
    const auto colon = options_.listen.rfind(':');
    auto listen = listen_address();
    if (!listen) return listen.error();
    http::ServerOptions server;
    server.address = options_.listen.substr(0, colon);
    server.port = *listen;
    server_ = std::make_unique<http::Server>(io_.get_executor(), agent_api(state_, options_.token), server);
    if (auto started = server_->start(); !started) return started;
    const AgentEndpoint endpoint{server.address + ":" + std::to_string(server_->port()), options_.token,
                                 static_cast<int>(::getpid())};
    if (auto announced = announce(endpoint); !announced) return announced;
    log::info("chaos agent ready", {{"address", endpoint.address}});
    wait_for_signal();
    if (options_.watch_fd >= 0) watch_harness();
    tick();
    return {};
  }

  void run() { io_.run(); }

 private:
  Result<std::uint16_t> listen_address() const {
    // Port 0 is a choice here, which an upstream's address has not.
    if (options_.listen.ends_with(":0")) return std::uint16_t{0};
    auto endpoint = parse_endpoint(options_.listen);
    if (!endpoint) return usage_error("--listen: " + endpoint.error().message);
    return endpoint->port();
  }

  Result<void> announce(const AgentEndpoint& endpoint) const {
    if (!options_.ready_file.empty()) return write_agent_file(options_.ready_file, endpoint);
    return write_all(STDOUT_FILENO, "listening on " + endpoint.address + "\n", "standard output");
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
      if (!options_.ready_file.empty()) ::unlink(options_.ready_file.c_str());
      io_.stop();
    });
  }

  AgentOptions options_;
  asio::io_context io_{1};
  AgentState state_;
  std::unique_ptr<http::Server> server_;
  asio::signal_set signals_;
  asio::posix::stream_descriptor watch_;
  char watch_byte_[1] = {};
  asio::steady_timer tick_, flush_;
  bool ending_ = false;
};

}  // namespace

int run_agent(const AgentOptions& options) {
  if (options.token.empty()) {
    log::error("chaos agent needs a token: --token, or TIDEGATE_AGENT_TOKEN in its environment");
    return kUsage;
  }
  log::configure("chaos-agent");
  raise_descriptor_limit();
  std::signal(SIGPIPE, SIG_IGN);  // a broken log pipe must not end the one process that can heal
  AgentProcess agent(options);
  if (auto started = agent.start(); !started) {
    log::error("chaos agent could not start", {{"reason", started.error().message}});
    return started.error().kind == Error::Kind::usage ? kUsage : kCouldNotStart;
  }
  agent.run();
  return 0;
}

}  // namespace tidegate::chaos
