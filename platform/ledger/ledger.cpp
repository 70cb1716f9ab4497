// The role `ledger`: keeps the books from the events of payments, fraud decisions and payouts, and holds the wallets.
//
//   GET  /v1/ledger/entries                     pages, operator only
//   GET  /v1/ledger/balances?merchant=&currency=   what is payable to a merchant, operator only
//   POST /v1/wallets                            {currency, wallet?}, for services (worker/caller.hpp)
//   POST /v1/wallets/{id}/credit|debit          {amount, currency}
//   GET  /v1/wallets/{id}
//   GET|PUT /admin/settlement                   {"mode": "stream"} or {"mode": "batch", "every_seconds": 300}

#include "base/log.hpp"
#include "platform/events/event_data.hpp"
#include "platform/events/topics.hpp"
#include "platform/ledger/role.hpp"
#include "platform/ledger/settler.hpp"
#include "platform/ledger/wallet_routes.hpp"
#include "platform/worker/caller.hpp"
#include "platform/worker/consequences.hpp"
#include "platform/worker/export_page.hpp"
#include "platform/worker/outbox_routes.hpp"
#include "platform/worker/role_inbox.hpp"

namespace tidegate::platform {
namespace {

class Ledger final : public Role {
 public:
  Ledger(RoleContext& context, std::unique_ptr<RoleDatabase> database)
      : context_(context),
        database_(std::move(database)),
        outbox_(database_->store(), std::string(kLedgerTopic)),
        consequences_(outbox_),
        settler_(context.runtime, *database_, outbox_),
        wallets_(context.runtime, *database_, outbox_),
        inboxes_(context, *database_, "ledger") {
    for (const std::string_view topic : {kPaymentsTopic, kFraudTopic, kPayoutsTopic}) {
      inboxes_.add(
          topic, [this](Connection& connection, const Envelope& event) { return post(connection, event); },
          [this](const Envelope& event) { consequences_.committed(event); });
    }
    ServiceRuntime& runtime = context.runtime;
    context.outboxes.add(outbox_, database_->store().id(), database_->reader());
    add_export(runtime, database_->reader(), "/v1/ledger/entries", last_entry, read_entries);
    runtime.router().add_immediate("GET", "/v1/ledger/balances",
                                   runtime.operator_only(ImmediateHandler(
                                       [this](const http::Request& request, auto) { return balance(request); })));
  }

  Result<void> start() override {
    if (auto opened = outbox_.open(); !opened) return opened;
    if (auto loaded = settler_.load(); !loaded) return loaded;
    if (auto started = outbox_.start_relay(context_.bus); !started) return started;
    return inboxes_.start();
  }

  asio::awaitable<void> drain() override { return settler_.stop(); }

  void close() override {
    inboxes_.stop();
    outbox_.stop_relay(std::chrono::seconds(1));
    database_->store().stop();
  }

 private:
  Result<void> post(Connection& connection, const Envelope& event) {
    consequences_.begin(event);
    return post_event(connection, event, settler_.settlement(),
                      [&](Envelope caused) { return consequences_.append(connection, event, std::move(caused)); });
  }

  http::Response balance(const http::Request& request) {
    const auto merchant = request.query_parameter("merchant");
    const auto currency = request.query_parameter("currency");
    if (!merchant || !currency || !is_currency(*currency)) {
      return problem(400, "This needs merchant= and currency=.");
    }
    const auto balance = balance_of(database_->reader(), account::merchant_payable, *merchant, *currency);
    if (!balance) return problem(503, "The books cannot be read at the moment.");
    return json_response(200, json::object{{"merchant", *merchant}, {"currency", *currency}, {"payable", *balance}});
  }

  RoleContext& context_;
  std::unique_ptr<RoleDatabase> database_;
  Outbox outbox_;
  Consequences consequences_;
  Settler settler_;
  WalletRoutes wallets_;
  RoleInboxes inboxes_;
};

}  // namespace

Result<std::unique_ptr<Role>> make_ledger(RoleContext& context) {
  auto database =
      RoleDatabase::open(context, database_name("ledger", context.options),
                         {outbox_migrations(), inbox_migrations(), ledger_migrations(), wallet_migrations()});
  if (!database) return database.error();
  return std::unique_ptr<Role>(std::make_unique<Ledger>(context, std::move(*database)));
}

}  // namespace tidegate::platform
