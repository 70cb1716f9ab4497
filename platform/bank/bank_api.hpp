#pragma once
// The HTTP side of the simulated acquirers.

#include <memory>
#include <string_view>

#include "base/asio.hpp"
#include "base/http/message.hpp"
#include "platform/bank/behaviour.hpp"
#include "platform/bank/charges.hpp"
#include "platform/bank/hops.hpp"
#include "platform/bank/messenger.hpp"
#include "platform/bank/providers.hpp"
#include "platform/service/runtime.hpp"
#include "platform/store/store.hpp"

namespace tidegate::platform {

///   POST /v1/charges              {reference, client_key, merchant, amount, currency, card_token, capture, acquirer?}
///                                 201 new, 200 a repeat of the reference, 409 the reference with another amount
///   GET  /v1/charges/{reference}  200, or 404: the bank never saw it
///   POST /v1/charges/{reference}/captures|refunds|voids   {reference, amount, currency}, once per reference
///   GET  /v1/operations/{reference}
///   GET  /v1/statement            pages, operator only: the outside witness, true whatever the knobs say
///   GET  /v1/settlement-statement CSV, operator only, as the providers send it: see settlement.hpp
///   GET  /v1/hops/{service}       answers after the delay of bank/hops.hpp, or after ?delay_ms=
///   GET|PUT /admin/behaviour, /admin/behaviour/{provider}   operator only
/// Lives on the runtime's loop. Both must outlive it.
class BankApi {
 public:
  BankApi(Store& store, std::unique_ptr<Connection> reader, ServiceRuntime& runtime);

 private:
  void add_routes(ServiceRuntime& runtime);
  asio::awaitable<http::Response> charge(const http::Request& request);
  asio::awaitable<http::Response> operate(const http::Request& request, std::string charge, std::string kind);
  http::Response enquire(std::string_view reference);
  http::Response enquire_operation(std::string_view reference);
  http::Response statement(const http::Request& request);
  asio::awaitable<http::Response> hop(const http::Request& request, std::string_view service);
  http::Response change_behaviour(const http::Request& request, const std::string& provider);
  asio::awaitable<void> pause(Nanoseconds length);

  Store& store_;
  std::unique_ptr<Connection> reader_;
  asio::any_io_executor executor_;
  Behaviours behaviours_;
  Hops hops_;
  Messenger messenger_;
  Providers providers_;
  std::uint64_t calls_ = 0;
  std::int64_t in_progress_ = 0;
  Counter& new_charges_;
  Counter& repeats_;
};

}  // namespace tidegate::platform
