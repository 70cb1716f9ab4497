#include "platform/worker/peer_client.hpp"

namespace tidegate::platform {

PeerClient::PeerClient(asio::any_io_executor executor, PeerDirectory& peers, std::string endpoint,
                       http::ClientOptions options)
    : executor_(std::move(executor)), peers_(peers), endpoint_(std::move(endpoint)), options_(options) {}

Result<std::shared_ptr<http::Client>> PeerClient::client() {
  if (stopped_) return closed_error("the link to " + endpoint_ + " was stopped");
  const auto address = peers_.find(endpoint_);
  if (!address) return closed_error("the peer '" + endpoint_ + "' is not known yet");
  if (client_ && *address == address_) return client_;
  const auto target = parse_address(*address);
  if (!target) return target.error();
  client_ = std::make_shared<http::Client>(executor_, target->host, target->port, options_);
  address_ = *address;
  return client_;
}

asio::awaitable<Result<http::Response>> PeerClient::send(http::ClientRequest request, Nanoseconds timeout) {
  const auto client = this->client();
  if (!client) co_return client.error();
  const std::shared_ptr<http::Client> held = *client;
  co_return co_await held->send(std::move(request), timeout);
}

void PeerClient::stop() {
  stopped_ = true;
  if (client_) client_->stop();
}

Breaker::Outcome outcome_of(const Result<http::Response>& response) {
  if (response) return response->status >= 500 ? Breaker::Outcome::failure : Breaker::Outcome::success;
  return response.error().kind == Error::Kind::timeout ? Breaker::Outcome::timeout : Breaker::Outcome::failure;
}

}  // namespace tidegate::platform
