#pragma once
// The read model as the gateway asks it: status reads that are not in memory go there first, so that they do not load
// the writers' databases. It only ever takes load off: whatever it does not answer, the store does.

#include <memory>
#include <optional>
#include <string>

#include "base/asio.hpp"
#include "base/http/message.hpp"
#include "platform/service/metrics.hpp"
#include "platform/service/peer_clients.hpp"

namespace tidegate::platform {

/// Used on the service's loop; `clients` outlives it.
class ReadSide {
 public:
  static constexpr Nanoseconds kOldest = std::chrono::seconds(1);        ///< what a copy may lag and still be shown
  static constexpr Nanoseconds kLimit = std::chrono::milliseconds(250);  ///< one question
  static constexpr Nanoseconds kLeftAlone = std::chrono::seconds(1);     ///< after a question that got no answer

  ReadSide(PeerClients& clients, Metrics& metrics, std::string operator_token);

  /// The payment as the copy shows it, with its staleness. Nothing: it does not know the payment (yet), lags by more
  /// than kOldest, or does not answer.
  asio::awaitable<std::optional<http::Response>> payment(std::string merchant, std::string name);

 private:
  PeerClients& clients_;
  const std::string token_;
  Counter& answered_;
  Counter& passed_over_;
  Nanoseconds asks_from_{0};
};

}  // namespace tidegate::platform
