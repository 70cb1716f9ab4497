#pragma once
// The HTTP side of the bank simulator.

#include <memory>
#include <string_view>

#include "base/asio.hpp"
#include "base/http/message.hpp"
#include "platform/bank/behaviour.hpp"
#include "platform/bank/charges.hpp"
#include "platform/bank/hops.hpp"
#include "platform/service/runtime.hpp"
#include "platform/store/store.hpp"

namespace tidegate::platform {

///   POST /v1/charges              {reference, client_key, merchant, amount, currency, card_token, capture}
///                                 201 new, 200 a repeat of the reference, 409 the reference with another amount
///   GET  /v1/charges/{reference}  200, or 404: the bank never saw it
///   GET  /v1/statement            pages, operator only
///   GET  /v1/hops/{service}       answers after the delay of bank/hops.hpp, or after ?delay_ms=
///   GET|PUT /admin/behaviour      operator only
/// Lives on the runtime's loop. Both must outlive it.
class BankApi {
 public:
  BankApi(Store& store, std::unique_ptr<Connection> reader, ServiceRuntime& runtime);

 private:
  asio::awaitable<http::Response> charge(const http::Request& request);
  http::Response enquire(std::string_view reference);
  http::Response statement(const http::Request& request);
  asio::awaitable<http::Response> hop(const http::Request& request, std::string_view service);
  http::Response change_behaviour(const http::Request& request);
  asio::awaitable<void> pause(Nanoseconds length);

  Store& store_;
  std::unique_ptr<Connection> reader_;
  asio::any_io_executor executor_;
  Behaviour behaviour_;
  Hops hops_;
  std::uint64_t calls_ = 0;
  Counter& new_charges_;
  Counter& repeats_;
};

}  // namespace tidegate::platform
