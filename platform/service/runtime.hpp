#pragma once
// The frame that every role runs in: one event loop, one HTTP server with /healthz, /readyz and /metrics, the peers,
// and an orderly end.
//
//   ServiceRuntime runtime(options);
//   runtime.router().add("POST", "/v1/payments", handler);
//   runtime.add_readiness("inbox", [&] { return inbox_started.load(); });
//   runtime.on_close([&] { inbox.stop(); outbox.stop_relay(1s); store->stop(); });
//   return runtime.run();

#include <functional>
#include <memory>
#include <string>

#include "base/asio.hpp"
#include "base/http/server.hpp"
#include "platform/service/metrics.hpp"
#include "platform/service/options.hpp"
#include "platform/service/router.hpp"

namespace tidegate::platform {

/// Belongs to the thread that calls run(); set it up before. What the hooks refer to must outlive the call of run().
/// Construct it after (so that it is destroyed before) whatever coroutines on its loop refer to.
class ServiceRuntime {
 public:
  /// Of `server`, the port is that of the options.
  explicit ServiceRuntime(ServiceOptions options, http::ServerOptions server = {});
  ~ServiceRuntime();
  ServiceRuntime(const ServiceRuntime&) = delete;
  ServiceRuntime& operator=(const ServiceRuntime&) = delete;

  const ServiceOptions& options() const;
  asio::io_context& context();
  Router& router();
  Metrics& metrics();
  PeerDirectory& peers();

  /// Wraps a handler: requests without the operator's token get 401 (everyone, when no token was given at the start).
  RouteHandler operator_only(RouteHandler handler);
  ImmediateHandler operator_only(ImmediateHandler handler);

  /// A further address for the ready file, beside "http": "kafka".
  void add_endpoint(std::string name, std::string address);
  /// /readyz answers 503 and names the part until every check says true. Checks run on the loop.
  void add_readiness(std::string part, std::function<bool()> ready);
  /// Called on the loop once the server listens and the ready file is written.
  void on_start(std::function<void()> hook);
  /// Called on the loop when the process is told to end, before anything is drained: let requests go that wait for
  /// something that may take long.
  void on_stop(std::function<void()> hook);
  /// Awaited on the loop after the last request was answered, in the order of registration: stop outgoing calls.
  void on_drain(std::function<asio::awaitable<void>()> hook);
  /// Called on the caller's thread after the loop has ended, in the order of registration: stop inboxes, then relays,
  /// then the store. May block; all of them together should take less than 2 s.
  void on_close(std::function<void()> hook);

  /// Listens, writes the ready file, serves until SIGTERM or SIGINT, drains. The exit code: 0 after an orderly end, 1
  /// when it could not listen.
  int run();
  /// What a signal does; thread-safe. For tests.
  void request_stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tidegate::platform
