#include "audit/webhook_sink.hpp"

#include <algorithm>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "audit/identity.hpp"
#include "base/http/server.hpp"
#include "base/json.hpp"
#include "base/random.hpp"
#include "record/truth.hpp"

namespace tidegate::audit {
namespace {

constexpr std::string_view kPath = "/hooks";
constexpr auto kStopLimit = std::chrono::seconds(2);

std::string header(const http::Request& request, std::string_view name) {
  const auto value = request.header(name);
  return value ? std::string(*value) : std::string();
}

}  // namespace

struct WebhookSink::State {
  SinkOptions options;
  asio::io_context loop{1};
  std::unique_ptr<http::Server> server;
  std::thread thread;
  std::unique_ptr<record::TruthWriter> log;

  mutable std::mutex mutex;  // guards what follows
  std::vector<std::string> secrets;
  RunClock clock;
  std::unordered_map<std::uint64_t, int> deliveries;  // event to how often it came
  std::uint64_t received = 0;
  bool stopped = false;
  Result<void> error;

  // What this delivery is answered with: 204, or the planned failure's status.
  int status_for(std::uint64_t event, int delivery) const {
    const SinkFailures& plan = options.failures;
    Draws of_event(options.seed, event, 0);
    const bool never = of_event.uniform() < plan.never;
    Draws of_delivery(options.seed, event, static_cast<std::uint64_t>(delivery));
    const bool fails = never || delivery <= plan.first || of_delivery.uniform() < plan.share;
    return fails ? plan.status : 204;
  }

  Signature check(const http::Request& request, const std::string& id) const {
    Signature best = Signature::wrong;
    const std::string timestamp = header(request, "webhook-timestamp");
    const std::string signatures = header(request, "webhook-signature");
    if (id.empty() || timestamp.empty() || signatures.empty()) return Signature::missing;
    for (const std::string& secret : secrets) {
      const Signature one =
          verify_webhook(secret, id, timestamp, request.body, signatures, unix_now(), options.tolerance);
      if (one == Signature::valid) return one;
      if (one == Signature::stale) best = one;
    }
    return best;
  }

  /// Writes the delivery down and says how to answer it.
  int take(const http::Request& request) {
    const std::lock_guard lock(mutex);
    const std::string id = header(request, "webhook-id");
    const Signature signature = check(request, id);
    const std::uint64_t event = identity_of(id).low;
    const int delivery = ++deliveries[event];
    // A forged or broken delivery is refused, as a careful customer would.
    const int status = signature == Signature::valid ? status_for(event, delivery) : 401;
    ++received;
    const json::object line{{"event", id},
                            {"t_ns", clock.now().count()},
                            {"endpoint", std::string(request.path)},
                            {"delivery", delivery},
                            {"signature", to_string(signature)},
                            {"status", status},
                            {"bytes", request.body.size()}};
    if (log && error.ok()) error = log->write_line(json::serialize(line));
    return status;
  }

  asio::awaitable<http::Response> answer(const http::Request& request) {
    if (request.method != "POST" || !request.path.starts_with(kPath))
      co_return http::problem(404, "webhooks go to /hooks");
    http::Response response;
    response.status = take(request);
    if (options.failures.delay > Nanoseconds{0}) {
      asio::steady_timer timer(loop, options.failures.delay);
      co_await timer.async_wait(asio::use_awaitable);
    }
    co_return response;
  }
};

WebhookSink::WebhookSink(std::unique_ptr<State> state) : state_(std::move(state)) {}

WebhookSink::~WebhookSink() {
  (void)stop();
}

Result<std::unique_ptr<WebhookSink>> WebhookSink::start(SinkOptions options) {
  auto state = std::make_unique<State>();
  auto log = record::TruthWriter::create(options.log_path);
  if (!log) return log.error();
  state->log = std::move(*log);
  state->clock = options.clock;
  state->options = std::move(options);
  State* const raw = state.get();
  state->server = std::make_unique<http::Server>(state->loop.get_executor(),
                                                 [raw](const http::Request& request) { return raw->answer(request); });
  if (auto started = state->server->start(); !started) return started.error();
  state->thread = std::thread([raw] { raw->loop.run(); });
  return std::unique_ptr<WebhookSink>(new WebhookSink(std::move(state)));
}

std::string WebhookSink::url() const {
  return "http://127.0.0.1:" + std::to_string(state_->server->port()) + std::string(kPath);
}

void WebhookSink::add_secret(const std::string& secret) {
  const std::lock_guard lock(state_->mutex);
  if (std::ranges::find(state_->secrets, secret) == state_->secrets.end()) state_->secrets.push_back(secret);
}

void WebhookSink::set_clock(RunClock clock) {
  const std::lock_guard lock(state_->mutex);
  state_->clock = clock;
}

std::uint64_t WebhookSink::received() const {
  const std::lock_guard lock(state_->mutex);
  return state_->received;
}

Result<void> WebhookSink::stop() {
  {
    const std::lock_guard lock(state_->mutex);
    if (std::exchange(state_->stopped, true)) return state_->error;
  }
  if (state_->thread.joinable()) {
    asio::co_spawn(state_->loop, state_->server->stop(kStopLimit),
                   [this](const std::exception_ptr&) { state_->loop.stop(); });
    state_->thread.join();
  }
  const std::lock_guard lock(state_->mutex);
  auto closed = state_->log->close();
  if (state_->error.ok()) state_->error = closed;
  return state_->error;
}

}  // namespace tidegate::audit
