#pragma once
// The other providers: exchange rates, identity, the fraud model, and the payout networks.

#include "platform/bank/behaviour.hpp"
#include "platform/service/runtime.hpp"
#include "platform/store/store.hpp"

namespace tidegate::platform {

///   GET  /v1/fx/rates/{FROM-TO}       {"rate": "1.084500"}
///   POST /v1/identity/checks          {card_token}: verified or denied
///   POST /v1/fraud/scores             {payments: [{payment, amount, points}]}: {"scores": [0 to 1000, ...]}
///   POST /v1/network-payouts          {reference, network, amount, currency}: paid or failed, once per reference
///   GET  /v1/network-payouts/{reference}
/// Lives on the runtime's loop.
class Providers {
 public:
  Providers(Store& store, Connection& reader, ServiceRuntime& runtime, const Behaviours& behaviours);

 private:
  asio::awaitable<http::Response> rate(std::string pair);
  asio::awaitable<http::Response> check_identity(const http::Request& request);
  asio::awaitable<http::Response> score(const http::Request& request);
  asio::awaitable<http::Response> pay_out(const http::Request& request);
  http::Response enquire(std::string_view reference);
  /// Waits as the provider does; false: it fails the call.
  asio::awaitable<bool> behave(std::string provider);

  Store& store_;
  Connection& reader_;
  asio::any_io_executor executor_;
  const Behaviours& behaviours_;
  std::uint64_t calls_ = 0;
};

/// Units of `to` for one of `from`, with six decimal places; nothing for currencies that the bank does not trade.
std::optional<std::string> exchange_rate(std::string_view from, std::string_view to);

}  // namespace tidegate::platform
