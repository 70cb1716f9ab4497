#include "runner/outputs/outputs.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/asio.hpp"
#include "base/http/client.hpp"
#include "base/http/server.hpp"
#include "base/units.hpp"
#include "runner/outputs/live_series.hpp"

namespace tidegate::runner {
namespace {

constexpr auto kPushLimit = std::chrono::seconds(3);

asio::awaitable<http::Response> answer_scrape(LiveSeries* series) {
  http::Response response;
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  response.body = to_prometheus(series->snapshot());
  co_return response;
}

/// Serves the series on a thread of its own.
class Endpoint {
 public:
  Endpoint(LiveSeries& series, const OutputOptions& options)
      : server_(
            context_.get_executor(),
            [own = &series](const http::Request& request) -> asio::awaitable<http::Response> {
              if (request.path == "/metrics" || request.path == "/") return answer_scrape(own);
              return not_found();
            },
            server_options(options)) {}
  ~Endpoint() {
    context_.stop();
    if (thread_.joinable()) thread_.join();
  }
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;

  Result<void> start() {
    if (auto started = server_.start(); !started) return started;
    thread_ = std::thread([this] { context_.run(); });
    return {};
  }
  std::uint16_t port() const { return server_.port(); }

 private:
  static asio::awaitable<http::Response> not_found() { co_return http::problem(404, "metrics are at /metrics"); }
  static http::ServerOptions server_options(const OutputOptions& options) {
    http::ServerOptions out;
    out.address = options.prometheus_address;
    out.port = options.prometheus_port;
    out.max_connections = 64;
    return out;
  }

  asio::io_context context_{1};
  http::Server server_;
  std::thread thread_;
};

/// Pushes the series every so often from a thread of its own, and once at the end.
class Pusher {
 public:
  Pusher(LiveSeries& series, const OutputOptions& options, Recording& recording)
      : series_(series), options_(options), recording_(recording), started_(unix_now().count()) {
    thread_ = std::thread([this] { run(); });
  }
  ~Pusher() { stop(); }
  Pusher(const Pusher&) = delete;
  Pusher& operator=(const Pusher&) = delete;

  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_one();
    if (thread_.joinable()) thread_.join();
  }

 private:
  void run() {
    for (bool last = false; !last;) {
      {
        std::unique_lock lock(mutex_);
        last = changed_.wait_for(lock, options_.otlp_every, [this] { return stopping_; });
      }
      push();
    }
  }

  void push() {
    const auto entries = series_.snapshot();
    if (entries.empty()) return;
    http::ClientRequest request;
    request.method = "POST";
    request.headers = options_.otlp_headers;
    request.body = to_otlp(entries, recording_.info().name, started_, unix_now().count());
    const auto answer = http::fetch(options_.otlp_url, request, kPushLimit);
    const bool accepted = answer && answer->status >= 200 && answer->status < 300;
    if (accepted || failed_) return;
    failed_ = true;
    recording_.emit("output_failed", {{"output", "otlp"},
                                      {"message", answer ? "the collector answered " + std::to_string(answer->status)
                                                         : answer.error().message}});
  }

  LiveSeries& series_;
  const OutputOptions options_;
  Recording& recording_;
  const std::int64_t started_;
  bool failed_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace

struct Outputs::State {
  explicit State(Recording& its_recording) : recording(its_recording) {}
  Recording& recording;
  OutputOptions options;
  LiveSeries series;
  std::unique_ptr<loadgen::SampleWriter> samples;
  std::unique_ptr<Endpoint> endpoint;
  std::unique_ptr<Pusher> pusher;
  bool stopped = false;
};

Outputs::Outputs(std::unique_ptr<State> state) : state_(std::move(state)) {}

Outputs::~Outputs() {
  stop();
}

Result<std::unique_ptr<Outputs>> Outputs::start(const OutputOptions& options, Recording& recording) {
  auto state = std::make_unique<State>(recording);
  state->options = options;
  if (options.samples) {
    const bool csv = *options.samples == loadgen::SampleFormat::csv;
    auto writer = loadgen::SampleWriter::create(
        recording.directory().path() + (csv ? "/samples.csv" : "/samples.ndjson"), *options.samples);
    if (!writer) return writer.error();
    state->samples = *std::move(writer);
  }
  if (!options.prometheus_address.empty()) {
    state->endpoint = std::make_unique<Endpoint>(state->series, options);
    if (auto started = state->endpoint->start(); !started) return started.error();
  }
  if (!options.otlp_url.empty()) state->pusher = std::make_unique<Pusher>(state->series, options, recording);
  return std::unique_ptr<Outputs>(new Outputs(std::move(state)));
}

bool Outputs::follows_series() const {
  return state_->endpoint || state_->pusher;
}

void Outputs::take(const record::SeriesKey& key, double number, const Histogram* histogram) {
  state_->series.take(key, number, histogram);
}

loadgen::SampleWriter* Outputs::samples() {
  return state_->samples.get();
}

std::string Outputs::prometheus_address() const {
  if (!state_->endpoint) return {};
  return "http://" + http::host_and_port(state_->options.prometheus_address, state_->endpoint->port()) + "/metrics";
}

void Outputs::stop() {
  if (state_->stopped) return;
  state_->stopped = true;
  if (state_->pusher) state_->pusher->stop();
  state_->endpoint.reset();
  if (!state_->samples) return;
  if (const auto written = state_->samples->error(); !written) {
    state_->recording.emit("output_failed", {{"output", "samples"}, {"message", written.error().message}});
  }
}

}  // namespace tidegate::runner
