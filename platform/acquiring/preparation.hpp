#pragma once
// What has to be known before a charge: that the customer's identity is in order, and the rate of exchange. Asked for
// in parallel, each provider behind its breaker, with a common limit of 4 s. Source: the FinPulse case study.

#include <map>
#include <memory>
#include <unordered_map>

#include "platform/acquiring/attempts.hpp"
#include "platform/acquiring/fx.hpp"
#include "platform/service/metrics.hpp"
#include "platform/worker/peer_client.hpp"

namespace tidegate::platform {

struct Prepared {
  enum class Kind {
    ready,
    denied,   ///< the identity provider says no: nothing may be charged
    unknown,  ///< a provider did not answer and nothing cached is fresh enough: ask again later
  };
  Kind kind = Kind::ready;
  std::optional<FxRate> rate;  ///< when the merchant settles in another currency
};

/// Lives on one loop. Identities are good for 30 s per card, as rates are per pair.
class Preparation {
 public:
  static constexpr Nanoseconds kLimit = std::chrono::seconds(4);

  Preparation(asio::any_io_executor executor, PeerDirectory& peers, Metrics& metrics);
  /// The attempt has to live until the answer.
  asio::awaitable<Prepared> prepare(const Attempt& attempt);
  void stop();

 private:
  enum class Identity { verified, denied, unknown };
  /// Verified a moment ago: nobody has to be asked.
  bool known_good(const std::string& card_token) const;
  asio::awaitable<Identity> check_identity(std::string card_token);
  asio::awaitable<std::optional<FxRate>> find_rate(std::string from, std::string to);

  asio::any_io_executor executor_;
  PeerClient identity_, fx_;
  Breaker identity_breaker_, fx_breaker_;
  FxCache rates_;
  struct Verified {
    Identity identity;
    Nanoseconds at;
  };
  std::unordered_map<std::string, Verified> identities_;
  Counter& frozen_rates_;
};

}  // namespace tidegate::platform
