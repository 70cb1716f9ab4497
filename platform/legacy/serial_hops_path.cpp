#include "platform/legacy/serial_hops_path.hpp"

#include "base/log.hpp"
#include "platform/service/problem.hpp"

namespace tidegate::platform {
namespace {

constexpr std::size_t kMostConnections = 4096;  // the calls in progress are bounded by the requests, not here

}  // namespace

HopPlan finpulse_hops() {
  return {{"availability", "fx", "identity", "fraud"}, std::chrono::seconds(2), 2};
}
HopPlan paystream_fraud() {
  return {{"fraud-engine"}, std::chrono::seconds(10), 1};
}

SerialHopsPath::SerialHopsPath(std::unique_ptr<PaymentPath> next, HopPlan plan, asio::any_io_executor loop,
                               PeerDirectory& peers, Metrics& metrics)
    : next_(std::move(next)),
      plan_(std::move(plan)),
      loop_(std::move(loop)),
      peers_(peers),
      failures_(metrics.counter("legacy_hop_failures_total", "Calls in a payment's way that failed or timed out.")) {}

SerialHopsPath::~SerialHopsPath() = default;

asio::awaitable<http::Response> SerialHopsPath::pay(PaymentCommand command) {
  for (const std::string_view hop : plan_.services) {
    if (co_await ask(hop, command.traceparent)) continue;
    http::Response response = problem(503, "A service that every payment waits for does not answer.");
    response.headers.emplace_back("Retry-After", "1");
    co_return response;
  }
  co_return co_await next_->pay(std::move(command));
}

asio::awaitable<bool> SerialHopsPath::ask(std::string_view hop, std::string traceparent) {
  for (int attempt = 1; attempt <= plan_.attempts; ++attempt) {
    const auto bank = client();
    if (!bank) break;
    http::ClientRequest request;
    request.target = "/v1/hops/" + std::string(hop);
    request.headers.emplace_back("traceparent", traceparent);
    const auto response = co_await bank->send(std::move(request), plan_.timeout);
    if (response && response->status == 200) co_return true;
    failures_.add();
  }
  co_return false;
}

std::shared_ptr<http::Client> SerialHopsPath::client() {
  const auto address = peers_.find("bank-simulator.http");
  if (!address) return nullptr;
  if (client_ && *address == address_) return client_;
  const auto parsed = parse_address(*address);
  if (!parsed) {
    log::warn("the bank's address is no address", {{"address", *address}});
    return nullptr;
  }
  http::ClientOptions options;
  options.max_connections = kMostConnections;
  address_ = *address;
  client_ = std::make_shared<http::Client>(loop_, parsed->host, parsed->port, options);
  return client_;
}

asio::awaitable<void> SerialHopsPath::stop() {
  if (client_) client_->stop();
  client_.reset();
  co_await next_->stop();
}

}  // namespace tidegate::platform
