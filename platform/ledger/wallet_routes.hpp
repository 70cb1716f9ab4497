#pragma once
// The HTTP side of wallets, for services.

#include <functional>

#include "platform/ledger/shard.hpp"
#include "platform/ledger/wallets.hpp"

namespace tidegate::platform {

class WalletRoutes {
 public:
  /// `shard_of`: where a tenant's wallets are.
  WalletRoutes(ServiceRuntime& runtime, std::function<LedgerShard&(std::string_view tenant)> shard_of);

 private:
  asio::awaitable<http::Response> open(const http::Request& request);
  asio::awaitable<http::Response> move(const http::Request& request, std::string wallet, WalletOperation operation);
  http::Response show(const http::Request& request, std::string_view wallet);

  const std::function<LedgerShard&(std::string_view tenant)> shard_of_;
};

}  // namespace tidegate::platform
