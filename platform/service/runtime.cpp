#include "platform/service/runtime.hpp"

#include <boost/asio/signal_set.hpp>
#include <csignal>

#include "base/log.hpp"
#include "platform/service/clock_setting.hpp"
#include "platform/service/problem.hpp"

namespace tidegate::platform {
namespace {

/// How long requests in progress may take once the process was told to end.
constexpr Nanoseconds kDrainLimit = std::chrono::seconds(2);

}  // namespace

struct ServiceRuntime::State {
  State(ServiceOptions given, http::ServerOptions given_server)
      : options(std::move(given)), server_options(std::move(given_server)), peers(options.peers_file), router(metrics) {
    server_options.port = options.port;
  }

  ServiceOptions options;
  http::ServerOptions server_options;
  PeerDirectory peers;
  Metrics metrics;
  Router router;
  std::map<std::string, std::string> endpoints;
  std::vector<std::pair<std::string, std::function<bool()>>> readiness;
  std::vector<std::function<void()>> start_hooks;
  std::vector<std::function<void()>> stop_hooks;
  std::vector<std::function<asio::awaitable<void>()>> drain_hooks;
  std::vector<std::function<void()>> close_hooks;
  bool stopping = false;
  asio::io_context context{1};
  asio::signal_set signals{context};
  std::unique_ptr<http::Server> server;

  bool authorised(const http::Request& request) const {
    const auto token = bearer_token(request);
    return token && !options.operator_token.empty() && same_secret(*token, options.operator_token);
  }

  http::Response health() const { return json_response(200, json::object{{"status", "ok"}, {"role", options.role}}); }

  http::Response ready() const {
    json::array waiting_for;
    if (stopping) waiting_for.emplace_back("the end: this process is stopping");
    for (const auto& [part, is_ready] : readiness) {
      if (!is_ready()) waiting_for.emplace_back(part);
    }
    if (waiting_for.empty()) return json_response(200, json::object{{"status", "ready"}});
    return json_response(503, json::object{{"status", "starting"}, {"waiting_for", waiting_for}});
  }

  http::Response scrape() const {
    http::Response response;
    response.content_type = "text/plain; version=0.0.4";
    response.body = metrics.text();
    return response;
  }

  asio::awaitable<void> drain() {
    stopping = true;
    log::info("stopping: no new connections, requests in progress end");
    co_await server->stop(kDrainLimit);
    for (const auto& hook : drain_hooks) co_await hook();
    context.stop();
  }

  void begin_stop() {
    if (stopping) return;
    stopping = true;
    signals.cancel();
    for (const auto& hook : stop_hooks) hook();
    asio::co_spawn(context, drain(), asio::detached);
  }

  void await_signal() {
    signals.async_wait([this](error_code failed, int) {
      if (!failed) begin_stop();
    });
  }

  Result<void> listen() {
    server = std::make_unique<http::Server>(
        context.get_executor(), [this](const http::Request& request) { return router.handle(request); },
        server_options);
    if (auto started = server->start(); !started) return started.error();
    endpoints["http"] = "127.0.0.1:" + std::to_string(server->port());
    return announce_ready(options, endpoints);
  }
};

ServiceRuntime::ServiceRuntime(ServiceOptions options, http::ServerOptions server)
    : state_(std::make_unique<State>(std::move(options), std::move(server))) {
  State* state = state_.get();
  router().add_immediate("GET", "/healthz",
                         [state](const http::Request&, std::string_view) { return state->health(); });
  router().add_immediate("GET", "/readyz", [state](const http::Request&, std::string_view) { return state->ready(); });
  router().add_immediate("GET", "/metrics",
                         [state](const http::Request&, std::string_view) { return state->scrape(); });
  add_clock_setting(*this);
}

ServiceRuntime::~ServiceRuntime() = default;

const ServiceOptions& ServiceRuntime::options() const {
  return state_->options;
}
asio::io_context& ServiceRuntime::context() {
  return state_->context;
}
Router& ServiceRuntime::router() {
  return state_->router;
}
Metrics& ServiceRuntime::metrics() {
  return state_->metrics;
}
PeerDirectory& ServiceRuntime::peers() {
  return state_->peers;
}

namespace {

asio::awaitable<http::Response> refuse_unauthorised() {
  http::Response refused = problem(401, "This needs the operator's token as a bearer token.");
  refused.headers.emplace_back("WWW-Authenticate", "Bearer");
  co_return refused;
}

}  // namespace

RouteHandler ServiceRuntime::operator_only(RouteHandler handler) {
  const State* state = state_.get();
  return [state, handler = std::move(handler)](const http::Request& request, std::string_view parameter) {
    return state->authorised(request) ? handler(request, parameter) : refuse_unauthorised();
  };
}

ImmediateHandler ServiceRuntime::operator_only(ImmediateHandler handler) {
  const State* state = state_.get();
  return [state, handler = std::move(handler)](const http::Request& request, std::string_view parameter) {
    if (state->authorised(request)) return handler(request, parameter);
    http::Response refused = problem(401, "This needs the operator's token as a bearer token.");
    refused.headers.emplace_back("WWW-Authenticate", "Bearer");
    return refused;
  };
}

void ServiceRuntime::add_endpoint(std::string name, std::string address) {
  state_->endpoints[std::move(name)] = std::move(address);
}

void ServiceRuntime::add_readiness(std::string part, std::function<bool()> ready) {
  state_->readiness.emplace_back(std::move(part), std::move(ready));
}

void ServiceRuntime::on_start(std::function<void()> hook) {
  state_->start_hooks.push_back(std::move(hook));
}

void ServiceRuntime::on_stop(std::function<void()> hook) {
  state_->stop_hooks.push_back(std::move(hook));
}

void ServiceRuntime::on_drain(std::function<asio::awaitable<void>()> hook) {
  state_->drain_hooks.push_back(std::move(hook));
}

void ServiceRuntime::on_close(std::function<void()> hook) {
  state_->close_hooks.push_back(std::move(hook));
}

void ServiceRuntime::request_stop() {
  asio::post(state_->context, [state = state_.get()] { state->begin_stop(); });
}

int ServiceRuntime::run() {
  State& state = *state_;
  std::signal(SIGPIPE, SIG_IGN);
  state.signals.add(SIGTERM);
  state.signals.add(SIGINT);
  int exit_code = 0;
  if (auto listening = state.listen(); !listening) {
    log::error("cannot serve", {{"why", listening.error().message}});
    exit_code = 1;
  } else {
    state.await_signal();
    log::info("listening", {{"address", state.endpoints["http"]}, {"role", state.options.role}});
    for (const auto& hook : state.start_hooks) hook();
    state.context.run();
  }
  for (const auto& hook : state.close_hooks) hook();
  log::info("stopped", {{"role", state.options.role}});
  return exit_code;
}

}  // namespace tidegate::platform
