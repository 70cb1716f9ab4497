#pragma once
// Calls to a peer over HTTP, following its address in the peers file from call to call.

#include <memory>
#include <string>

#include "base/asio.hpp"
#include "base/http/client.hpp"
#include "base/result.hpp"
#include "platform/service/options.hpp"
#include "platform/worker/breaker.hpp"

namespace tidegate::platform {

/// Lives on one loop. `peers` outlives it.
class PeerClient {
 public:
  PeerClient(asio::any_io_executor executor, PeerDirectory& peers, std::string endpoint, http::ClientOptions options);
  /// An error of kind closed while the peer is not known. `timeout` spans everything.
  asio::awaitable<Result<http::Response>> send(http::ClientRequest request, Nanoseconds timeout);
  /// Calls in progress end with kind closed, later ones at once.
  void stop();
  bool stopped() const { return stopped_; }

 private:
  Result<std::shared_ptr<http::Client>> client();

  asio::any_io_executor executor_;
  PeerDirectory& peers_;
  const std::string endpoint_;
  const http::ClientOptions options_;
  bool stopped_ = false;
  std::string address_;
  std::shared_ptr<http::Client> client_;  // calls in progress keep theirs when the address changes
};

/// What a call taught about the provider: a 5xx, a reset and nonsense are failures, a missing answer a timeout.
Breaker::Outcome outcome_of(const Result<http::Response>& response);

}  // namespace tidegate::platform
