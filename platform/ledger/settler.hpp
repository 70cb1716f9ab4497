#pragma once
// When cleared money settles: with its event, or in batches. The setting is a row, so that it survives a restart.

#include <mutex>

#include "platform/ledger/book.hpp"
#include "platform/outbox/outbox.hpp"
#include "platform/worker/role_database.hpp"

namespace tidegate::platform {

/// Of one database. On the runtime's loop; settlement() is thread-safe.
class Settler {
 public:
  Settler(ServiceRuntime& runtime, RoleDatabase& database, Outbox& outbox);
  /// Reads the setting and starts the batches. Before serving, after the outbox was opened.
  Result<void> load();
  Settlement settlement() const;
  /// From now on, also after a restart.
  asio::awaitable<Result<void>> change(Settlement settlement);
  asio::awaitable<void> stop();

 private:
  asio::awaitable<void> settle_batches();
  asio::awaitable<std::int64_t> settle_some(std::string batch);

  ServiceRuntime& runtime_;
  RoleDatabase& database_;
  Outbox& outbox_;
  mutable std::mutex mutex_;
  Settlement settlement_;
  asio::steady_timer timer_;
  bool running_ = false, stopping_ = false;
  Counter& settled_;
};

}  // namespace tidegate::platform
