#pragma once
// Sends a request to an upstream and, while that is away, holds it: a restart of the gateway takes less than the
// clients are ready to wait.
//
//   send -- answer --> done
//     |---- no answer, repeatable --> pause, again, until the hold is over
//     `---- no answer, not repeatable --> 502: it may have happened
//   upstream known to be away, not repeatable --> hold until it answers its probe, then send once

#include <map>
#include <string>

#include "base/asio.hpp"
#include "base/http/client.hpp"
#include "platform/service/metrics.hpp"
#include "platform/service/peer_clients.hpp"

namespace tidegate::platform {

struct ForwardRequest {
  std::string upstream;  ///< a role of the peers
  http::ClientRequest request;
  bool repeatable = false;
  Nanoseconds hold{0};
  std::string probe_path;
};

/// Used on one loop. `clients` outlives it.
class Forwarder {
 public:
  Forwarder(PeerClients& clients, Metrics& metrics);

  /// The upstream's answer, or a 502, 503 or 504 problem.
  asio::awaitable<http::Response> forward(ForwardRequest request);
  /// One try, no hold. Nothing: no answer.
  asio::awaitable<Result<http::Response>> send_once(std::string upstream, http::ClientRequest request,
                                                    Nanoseconds limit);
  /// Requests that are held at the moment.
  std::size_t held() const { return held_; }

 private:
  /// False: it did not come back in time.
  asio::awaitable<bool> wait_until_back(std::string upstream, std::string probe_path, Nanoseconds deadline);

  PeerClients& clients_;
  Counter& repeats_;
  Counter& given_up_;
  std::map<std::string, bool> away_;
  std::size_t held_ = 0;
};

/// The answer as a client gets it: without the headers of the upstream's connection.
http::Response to_client(http::Response answer);

}  // namespace tidegate::platform
