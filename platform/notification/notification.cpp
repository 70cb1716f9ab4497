// The role `notification`: tells tenants what became of their payments, payouts and wallets.
//
//   payments, payouts, ledger -> inbox: a row per endpoint -> after the commit: signed webhook, until taken or dead
//
//   POST   /v1/webhook-endpoints        {url, types?}: 201 {id, url, secret}; the secret is shown once
//   GET    /v1/webhook-endpoints        DELETE /v1/webhook-endpoints/{id}
//   POST   /v1/messages                 {channel, text, priority?}: sms, email or in-app; 202
//   GET    /v1/dead-letters?after=      with cause and attempts
//   POST   /v1/dead-letters/replay      {ids?}: the same event ids again; {"replayed": n}
//   GET    /v1/deliveries/export        pages, operator only
//   GET|PUT /admin/notifications        the limits of sending
//
// All but the export and /admin are for services, with Tidegate-Tenant (worker/caller.hpp); without it, an operator
// sees and replays the dead letters of all tenants.

#include "base/log.hpp"
#include "platform/events/topics.hpp"
#include "platform/notification/endpoint_routes.hpp"
#include "platform/notification/message.hpp"
#include "platform/notification/role.hpp"
#include "platform/worker/export_page.hpp"
#include "platform/worker/outbox_routes.hpp"
#include "platform/worker/role_inbox.hpp"

namespace tidegate::platform {
namespace {

class Notification final : public Role {
 public:
  Notification(RoleContext& context, std::unique_ptr<RoleDatabase> database)
      : context_(context),
        database_(std::move(database)),
        delivered_(database_->store(), std::string(kNotificationsTopic)),
        dead_letters_(database_->store(), std::string(kDeadLettersTopic)),
        sender_({context.runtime.context().get_executor(), database_->store(), database_->reader(), delivered_,
                 dead_letters_, endpoints_, context.runtime.metrics(),
                 context.departures.keeps_dead_letters ? bury : forget,
                 context.departures.urgent_first ? DeliveryQueue::Order::by_turns : DeliveryQueue::Order::by_time}),
        routes_(context.runtime, *database_, endpoints_, sender_),
        inboxes_(context, "notification") {
    for (const std::string_view topic : {kPaymentsTopic, kPayoutsTopic, kLedgerTopic}) {
      inboxes_.add(
          *database_, topic,
          [this](Connection& connection, const Envelope& event) { return address(connection, event); },
          [this](const Envelope& event) { send_later(event); });
    }
    context.outboxes.add(delivered_, *database_);
    context.outboxes.add(dead_letters_, *database_);
    add_export(context.runtime, database_->reader(), "/v1/deliveries/export", last_delivery, read_deliveries);
  }

  Result<void> start() override {
    for (Outbox* outbox : {&delivered_, &dead_letters_}) {
      if (auto opened = outbox->open(); !opened) return opened;
    }
    auto endpoints = read_endpoints(database_->reader());
    if (!endpoints) return endpoints.error();
    for (Endpoint& endpoint : *endpoints) endpoints_.put(std::move(endpoint));
    if (auto started = sender_.start(); !started) return started;
    for (Outbox* outbox : {&delivered_, &dead_letters_}) {
      if (auto started = outbox->start_relay(context_.bus); !started) return started;
    }
    return inboxes_.start();
  }

  asio::awaitable<void> drain() override { return sender_.stop(); }

  void close() override {
    inboxes_.stop();
    delivered_.stop_relay(std::chrono::milliseconds(500));
    dead_letters_.stop_relay(std::chrono::milliseconds(500));
    database_->store().stop();
  }

 private:
  /// Inside the inbox's transaction: one delivery per endpoint that wants the event.
  Result<void> address(Connection& connection, const Envelope& event) {
    fresh_.erase(event.id);
    const auto message = message_about(event);
    if (!message) return {};
    for (const Endpoint& endpoint : endpoints_.wanting(event.tenant, message->type)) {
      PendingDelivery delivery;
      delivery.event = event.id;
      delivery.endpoint = endpoint.id;
      delivery.tenant = event.tenant;
      delivery.type = message->type;
      delivery.payload = message->payload;
      delivery.priority = message->priority;
      delivery.next_at_ms = 0;
      auto inserted = insert_delivery(connection, delivery);
      if (!inserted) return inserted.error();
      if (!*inserted) continue;
      delivery.id = **inserted;
      fresh_[event.id].push_back(std::move(delivery));
    }
    return {};
  }

  void send_later(const Envelope& event) {
    const auto found = fresh_.find(event.id);
    if (found == fresh_.end()) return;
    asio::post(context_.runtime.context(), [this, deliveries = std::move(found->second)] {
      for (const PendingDelivery& delivery : deliveries) sender_.submit(delivery);
    });
    fresh_.erase(found);
  }

  RoleContext& context_;
  std::unique_ptr<RoleDatabase> database_;
  Outbox delivered_, dead_letters_;
  EndpointDirectory endpoints_;
  std::unordered_map<std::string, std::vector<PendingDelivery>> fresh_;  // the writer thread's, by event
  Sender sender_;
  EndpointRoutes routes_;
  RoleInboxes inboxes_;
};

}  // namespace

Result<std::unique_ptr<Role>> make_notification(RoleContext& context) {
  auto database = RoleDatabase::open(context, database_name("notification", context.options),
                                     {outbox_migrations(), inbox_migrations(), delivery_migrations()});
  if (!database) return database.error();
  return std::unique_ptr<Role>(std::make_unique<Notification>(context, std::move(*database)));
}

}  // namespace tidegate::platform
