#pragma once
// Switch `serial_hops`: four remote services are asked one after the other before a payment is written: is the bank
// available, the exchange rate, who is it, is it fraud. Each call waits 2 s, then is tried once more.
// Source: FinPulse, 88 ms a hop on a quiet day and 420 ms at the peak, four of them in every request.
//
// Switch `sync_fraud`: one hop, the engine of 30 fraud rules with its model. Source: PayStream, 480 ms, 3.2 s under
// load.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/http/client.hpp"
#include "platform/gateway/payment_path.hpp"
#include "platform/service/metrics.hpp"
#include "platform/service/options.hpp"

namespace tidegate::platform {

struct HopPlan {
  std::vector<std::string_view> services;  ///< in this order
  Nanoseconds timeout{0};                  ///< of one call
  int attempts = 1;                        ///< of each, then the payment fails
};
HopPlan finpulse_hops();
HopPlan paystream_fraud();

class SerialHopsPath final : public PaymentPath {
 public:
  /// The services live at the peer `bank-simulator.http`. Adds the counter legacy_hop_failures_total.
  SerialHopsPath(std::unique_ptr<PaymentPath> next, HopPlan plan, asio::any_io_executor loop, PeerDirectory& peers,
                 Metrics& metrics);
  ~SerialHopsPath() override;
  asio::awaitable<http::Response> pay(PaymentCommand command) override;
  asio::awaitable<void> stop() override;

 private:
  asio::awaitable<bool> ask(std::string_view hop, std::string traceparent);
  /// The client of the peer's present address; null while it is unknown.
  std::shared_ptr<http::Client> client();

  std::unique_ptr<PaymentPath> next_;
  const HopPlan plan_;
  asio::any_io_executor loop_;
  PeerDirectory& peers_;
  Counter& failures_;
  std::string address_;
  std::shared_ptr<http::Client> client_;
};

}  // namespace tidegate::platform
