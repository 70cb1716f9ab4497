#include "platform/bank/messenger.hpp"

#include "base/log.hpp"
#include "platform/service/wall_clock.hpp"
#include "platform/worker/callback_signature.hpp"
#include "platform/worker/caller.hpp"

namespace tidegate::platform {
namespace {

constexpr std::size_t kConnections = 64;
constexpr std::int64_t kMostInFlight = 20'000;
constexpr int kTries = 3;
constexpr Nanoseconds kTimeout = std::chrono::seconds(2);
constexpr Nanoseconds kAgainAfter = std::chrono::milliseconds(500);

}  // namespace

Messenger::Messenger(ServiceRuntime& runtime)
    : runtime_(runtime),
      acquiring_(runtime.context().get_executor(), runtime.peers(), "acquiring.http",
                 {.max_connections = kConnections}),
      worker_(runtime.context().get_executor(), runtime.peers(), "worker.http", {.max_connections = kConnections}),
      sent_(runtime.metrics().counter("bank_callbacks_total", "Messages sent by the bank itself.")) {
  runtime.on_drain([this] { return stop(); });
}

void Messenger::tell(std::string acquirer, json::object message, Nanoseconds after, std::int64_t copies) {
  message.erase("amount");
  message.erase("currency");
  message.erase("try_elsewhere");
  const std::string body = json::serialize(message);
  for (std::int64_t copy = 0; copy < copies && in_flight_ < kMostInFlight; ++copy) {
    ++in_flight_;
    asio::co_spawn(runtime_.context(), send(acquirer, body, after), [this](std::exception_ptr) { --in_flight_; });
  }
}

asio::awaitable<void> Messenger::send(std::string acquirer, std::string body, Nanoseconds after) {
  const std::string& secret = runtime_.options().operator_token;
  for (int tries = 0; tries < kTries && !stopping_; ++tries) {
    asio::steady_timer timer(runtime_.context(), tries == 0 ? after : kAgainAfter);
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    if (stopping_) co_return;
    http::ClientRequest request;
    request.method = "POST";
    request.target = "/v1/provider-callbacks/" + acquirer;
    request.headers.emplace_back("webhook-signature", sign_callback(secret, wall_now_ms() / 1000, body));
    request.body = body;
    PeerClient& peer = runtime_.peers().find("acquiring.http") ? acquiring_ : worker_;
    const Result<http::Response> response = co_await peer.send(std::move(request), kTimeout);
    if (!response || response->status >= 500) continue;
    sent_.add();
    co_return;
  }
}

asio::awaitable<void> Messenger::stop() {
  stopping_ = true;
  acquiring_.stop();
  worker_.stop();
  // Those that wait for their time end with the loop: they hold nothing but their text.
  co_return;
}

}  // namespace tidegate::platform
