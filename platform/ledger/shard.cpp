#include "platform/ledger/shard.hpp"

#include "platform/events/topics.hpp"
#include "platform/service/tenant_shard.hpp"
#include "platform/worker/outbox_routes.hpp"

namespace tidegate::platform {

LedgerShard::LedgerShard(RoleContext& context, std::size_t number, std::unique_ptr<RoleDatabase> database,
                         RoleInboxes& inboxes)
    : number_(number),
      shards_(static_cast<std::size_t>(context.options.shards)),
      before_post_(context.departures.before_post),
      database_(std::move(database)),
      outbox_(database_->store(), std::string(kLedgerTopic)),
      consequences_(outbox_),
      settler_(context.runtime, *database_, outbox_) {
  for (const std::string_view topic : {kPaymentsTopic, kFraudTopic, kPayoutsTopic}) {
    inboxes.add_shard(
        number, *database_, topic,
        [this](Connection& connection, const Envelope& event) {
          if (before_post_) before_post_();
          return post(connection, event);
        },
        [this](const Envelope& event) { consequences_.committed(event); });
  }
  context.outboxes.add(outbox_, *database_);
}

Result<void> LedgerShard::post(Connection& connection, const Envelope& event) {
  // The producers of other topics than payments are not split: each shard reads all they say and takes its own.
  if (shard_of_tenant(event.tenant, shards_) != number_) return {};
  consequences_.begin(event);
  return post_event(connection, event, settler_.settlement(),
                    [&](Envelope caused) { return consequences_.append(connection, event, std::move(caused)); });
}

Result<void> LedgerShard::start(EventBus& bus) {
  if (auto opened = outbox_.open(); !opened) return opened;
  if (auto loaded = settler_.load(); !loaded) return loaded;
  return outbox_.start_relay(bus);
}

void LedgerShard::close() {
  outbox_.stop_relay(std::chrono::seconds(1));
  database_->store().stop();
}

}  // namespace tidegate::platform
