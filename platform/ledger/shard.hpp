#pragma once
// One of the ledger's databases (`--shards`): the books and wallets of the merchants that belong to it, with an outbox,
// inboxes and a settler of its own. Nothing ever moves between two: every transfer is within one merchant.

#include <functional>
#include <memory>
#include <string>

#include "platform/ledger/settler.hpp"
#include "platform/worker/consequences.hpp"
#include "platform/worker/role_inbox.hpp"

namespace tidegate::platform {

class LedgerShard {
 public:
  /// `inboxes` are the role's, over all its shards.
  LedgerShard(RoleContext& context, std::size_t number, std::unique_ptr<RoleDatabase> database, RoleInboxes& inboxes);
  /// Opens the outbox, resumes settlement, starts the relay.
  Result<void> start(EventBus& bus);
  /// After the inboxes have stopped.
  void close();

  RoleDatabase& database() { return *database_; }
  Outbox& outbox() { return outbox_; }
  Settler& settler() { return settler_; }

 private:
  Result<void> post(Connection& connection, const Envelope& event);

  const std::size_t number_, shards_;
  const std::function<void()> before_post_;  // empty on the modern platform
  std::unique_ptr<RoleDatabase> database_;
  Outbox outbox_;
  Consequences consequences_;
  Settler settler_;
};

}  // namespace tidegate::platform
