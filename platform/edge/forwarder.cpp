#include "platform/edge/forwarder.hpp"

#include <algorithm>
#include <array>

#include "platform/service/problem.hpp"

namespace tidegate::platform {
namespace {

constexpr Nanoseconds kAnswerLimit = std::chrono::seconds(35);  // a long poll takes up to 30 s
constexpr Nanoseconds kReturnProbeLimit = std::chrono::seconds(1);
constexpr Nanoseconds kFirstPause = std::chrono::milliseconds(20);
constexpr Nanoseconds kLongestPause = std::chrono::milliseconds(160);

constexpr std::array<std::string_view, 6> kLeftBehind{"connection", "keep-alive",   "transfer-encoding",
                                                      "upgrade",    "content-type", "content-length"};

asio::awaitable<void> pause(Nanoseconds length) {
  asio::steady_timer timer(co_await asio::this_coro::executor, length);
  co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
}

http::Response gave_up(int status, std::string_view detail) {
  http::Response response = problem(status, detail);
  response.headers.emplace_back("Retry-After", "1");
  return response;
}

/// Counts a request as held for as long as it lives.
class Holding {
 public:
  explicit Holding(std::size_t& count) : count_(count) { ++count_; }
  ~Holding() { --count_; }
  Holding(const Holding&) = delete;
  Holding& operator=(const Holding&) = delete;

 private:
  std::size_t& count_;
};

}  // namespace

http::Response to_client(http::Response answer) {
  http::Response response;
  response.status = answer.status;
  response.content_type = std::move(answer.content_type);
  response.body = std::move(answer.body);
  for (auto& header : answer.headers) {
    const bool dropped = std::any_of(kLeftBehind.begin(), kLeftBehind.end(),
                                     [&](std::string_view name) { return http::same_name(name, header.first); });
    if (!dropped) response.headers.push_back(std::move(header));
  }
  return response;
}

Forwarder::Forwarder(PeerClients& clients, Metrics& metrics)
    : clients_(clients),
      repeats_(metrics.counter("edge_repeats_total", "Requests sent again because the upstream gave no answer.")),
      given_up_(metrics.counter("edge_given_up_total", "Requests whose upstream did not come back in time.")) {}

asio::awaitable<Result<http::Response>> Forwarder::send_once(std::string upstream, http::ClientRequest request,
                                                             Nanoseconds limit) {
  const auto client = clients_.client(upstream + ".http");
  if (!client) co_return client.error();
  const std::shared_ptr<http::Client> kept = *client;
  co_return co_await kept->send(std::move(request), limit);
}

asio::awaitable<bool> Forwarder::wait_until_back(std::string upstream, std::string probe_path, Nanoseconds deadline) {
  while (monotonic_now() < deadline) {
    http::ClientRequest probe;
    probe.target = probe_path;
    const auto answer = co_await send_once(upstream, std::move(probe), kReturnProbeLimit);
    if (answer && answer->status < 500) {
      away_[upstream] = false;
      co_return true;
    }
    co_await pause(kLongestPause);
  }
  co_return false;
}

asio::awaitable<http::Response> Forwarder::forward(ForwardRequest request) {
  const Nanoseconds deadline = monotonic_now() + request.hold;
  if (!request.repeatable && away_[request.upstream]) {
    const Holding holding(held_);
    if (!co_await wait_until_back(request.upstream, request.probe_path, deadline)) {
      given_up_.add();
      co_return gave_up(503, "The service behind the edge is away. Nothing was sent to it.");
    }
  }
  std::optional<Holding> holding;
  for (Nanoseconds length = kFirstPause;; length = std::min(2 * length, kLongestPause)) {
    auto answer = co_await send_once(request.upstream, request.request, kAnswerLimit);
    away_[request.upstream] = !answer;
    if (answer) co_return to_client(std::move(*answer));
    if (answer.error().kind == Error::Kind::timeout) {
      co_return gave_up(504, "The service behind the edge did not answer in time.");
    }
    if (!request.repeatable) {
      co_return gave_up(502, "The service behind the edge broke the connection; whether it acted is not known.");
    }
    if (monotonic_now() + length >= deadline) break;
    if (!holding) holding.emplace(held_);
    repeats_.add();
    co_await pause(length);
  }
  given_up_.add();
  co_return gave_up(503, "The service behind the edge did not come back in time. Send the same request again.");
}

}  // namespace tidegate::platform
