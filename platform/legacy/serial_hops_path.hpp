#pragma once
// Switch `serial_hops`: four remote services are asked one after the other before a payment is written: is the bank
// available, the exchange rate, who is it, is it fraud. Each call waits 2 s, then is tried once more.
// Source: FinPulse, 88 ms a hop on a quiet day and 420 ms at the peak, four of them in every request.

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "base/http/client.hpp"
#include "platform/gateway/payment_path.hpp"
#include "platform/service/metrics.hpp"
#include "platform/service/options.hpp"

namespace tidegate::platform {

inline constexpr std::array<std::string_view, 4> kHops{"availability", "fx", "identity", "fraud"};
inline constexpr Nanoseconds kHopTimeout = std::chrono::seconds(2);
inline constexpr int kHopAttempts = 2;

class SerialHopsPath final : public PaymentPath {
 public:
  /// The services live at the peer `bank-simulator.http`. Adds the counter legacy_hop_failures_total.
  SerialHopsPath(std::unique_ptr<PaymentPath> next, asio::any_io_executor loop, PeerDirectory& peers, Metrics& metrics);
  ~SerialHopsPath() override;
  asio::awaitable<http::Response> pay(PaymentCommand command) override;
  asio::awaitable<void> stop() override;

 private:
  asio::awaitable<bool> ask(std::string_view hop, std::string traceparent);
  /// The client of the peer's present address; null while it is unknown.
  std::shared_ptr<http::Client> client();

  std::unique_ptr<PaymentPath> next_;
  asio::any_io_executor loop_;
  PeerDirectory& peers_;
  Counter& failures_;
  std::string address_;
  std::shared_ptr<http::Client> client_;
};

}  // namespace tidegate::platform
