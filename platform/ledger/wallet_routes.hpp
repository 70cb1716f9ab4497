#pragma once
// The HTTP side of wallets, for services.

#include "platform/ledger/wallets.hpp"
#include "platform/outbox/outbox.hpp"
#include "platform/worker/role_database.hpp"

namespace tidegate::platform {

class WalletRoutes {
 public:
  WalletRoutes(ServiceRuntime& runtime, RoleDatabase& database, Outbox& outbox);

 private:
  asio::awaitable<http::Response> open(const http::Request& request);
  asio::awaitable<http::Response> move(const http::Request& request, std::string wallet, WalletOperation operation);
  http::Response show(const http::Request& request, std::string_view wallet);

  RoleDatabase& database_;
  Outbox& outbox_;
};

}  // namespace tidegate::platform
