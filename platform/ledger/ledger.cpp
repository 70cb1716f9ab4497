// The role `ledger`: keeps the books from the events of payments, fraud decisions and payouts, and holds the wallets.
//
//   GET  /v1/ledger/entries                     pages, operator only
//   GET  /v1/ledger/balances?merchant=&currency=   what is payable to a merchant, operator only
//   GET  /v1/wallets/export                     pages, operator only
//   POST /v1/wallets                            {currency, wallet?}, for services (worker/caller.hpp)
//   POST /v1/wallets/{id}/credit|debit          {amount, currency}
//   GET  /v1/wallets/{id}
//   GET|PUT /admin/settlement                   {"mode": "stream"} or {"mode": "batch", "every_seconds": 300}

#include "base/log.hpp"
#include "platform/events/event_data.hpp"
#include "platform/ledger/role.hpp"
#include "platform/ledger/shard.hpp"
#include "platform/ledger/wallet_routes.hpp"
#include "platform/service/tenant_shard.hpp"
#include "platform/worker/caller.hpp"
#include "platform/worker/sharded_export.hpp"

namespace tidegate::platform {
namespace {

class Ledger final : public Role {
 public:
  Ledger(RoleContext& context, std::vector<std::unique_ptr<RoleDatabase>> databases)
      : context_(context),
        inboxes_(context, "ledger"),
        wallets_(context.runtime, [this](std::string_view tenant) -> LedgerShard& { return shard_of(tenant); }) {
    for (std::size_t number = 0; number < databases.size(); ++number) {
      shards_.push_back(std::make_unique<LedgerShard>(context, number, std::move(databases[number]), inboxes_));
    }
    add_exports();
    ServiceRuntime& runtime = context.runtime;
    const auto immediate = [&](const char* path, ImmediateHandler handler) {
      runtime.router().add_immediate("GET", path, runtime.operator_only(std::move(handler)));
    };
    immediate("/v1/ledger/balances", [this](const http::Request& request, auto) { return balance(request); });
    immediate("/admin/settlement", [this](const http::Request&, auto) {
      return json_response(200, shards_.front()->settler().settlement().to_json());
    });
    runtime.router().add("PUT", "/admin/settlement",
                         runtime.operator_only(RouteHandler(
                             [this](const http::Request& request, auto) { return change_settlement(request); })));
  }

  Result<void> start() override {
    for (const auto& shard : shards_) {
      if (auto started = shard->start(context_.bus); !started) return started;
    }
    return inboxes_.start();
  }

  asio::awaitable<void> drain() override {
    for (const auto& shard : shards_) co_await shard->settler().stop();
  }

  void close() override {
    inboxes_.stop();
    for (const auto& shard : shards_) shard->close();
  }

 private:
  LedgerShard& shard_of(std::string_view tenant) { return *shards_[shard_of_tenant(tenant, shards_.size())]; }

  void add_exports() {
    std::vector<Connection*> readers;
    for (const auto& shard : shards_) readers.push_back(&shard->database().reader());
    const std::vector<std::string> members{"sequence", "transfer"};
    add_sharded_export(context_.runtime, readers, "/v1/ledger/entries", last_entry, read_entries, members);
    add_sharded_export(context_.runtime, readers, "/v1/wallets/export", last_wallet_entry, read_wallet_entries,
                       members);
  }

  http::Response balance(const http::Request& request) {
    const auto merchant = request.query_parameter("merchant");
    const auto currency = request.query_parameter("currency");
    if (!merchant || !currency || !is_currency(*currency)) {
      return problem(400, "This needs merchant= and currency=.");
    }
    Connection& reader = shard_of(*merchant).database().reader();
    const auto balance = balance_of(reader, account::merchant_payable, *merchant, *currency);
    if (!balance) return problem(503, "The books cannot be read at the moment.");
    return json_response(200, json::object{{"merchant", *merchant}, {"currency", *currency}, {"payable", *balance}});
  }

  asio::awaitable<http::Response> change_settlement(const http::Request& request) {
    const auto body = read_body(request, {"mode", "every_seconds"});
    if (!body) co_return problem(400, body.error().message);
    const auto settlement = Settlement::from_json(*body);
    if (!settlement) co_return problem(422, settlement.error().message);
    for (const auto& shard : shards_) {
      const auto changed = co_await shard->settler().change(*settlement);
      if (!changed) co_return problem(503, "The setting cannot be written at the moment. Send it again.");
    }
    co_return json_response(200, settlement->to_json());
  }

  RoleContext& context_;
  std::vector<std::unique_ptr<LedgerShard>> shards_;
  RoleInboxes inboxes_;
  WalletRoutes wallets_;
};

/// Where a payment's books are follows from its merchant and the number of shards, which therefore belongs to the data.
Result<void> check_shards(RoleDatabase& database, int shards) {
  std::string known;
  auto read = database.reader().query("SELECT value FROM settings WHERE name = 'shards'", {}, [&](const Row& row) {
    known = row.text(0);
    return false;
  });
  if (!read) return read;
  const auto used = last_entry(database.reader());
  if (!used) return used.error();
  const std::string wanted = std::to_string(shards);
  const std::string before = !known.empty() ? known : *used > 0 ? "1" : wanted;
  if (before != wanted) {
    return usage_error("--shards is " + wanted + ", but the books were split over " + before);
  }
  return database.store().run([&wanted](Connection& connection) -> Result<void> {
    auto saved = connection.execute("INSERT OR IGNORE INTO settings (name, value) VALUES ('shards', ?1)", {wanted});
    if (!saved) return saved.error();
    return {};
  });
}

}  // namespace

Result<std::unique_ptr<Role>> make_ledger(RoleContext& context) {
  std::vector<std::unique_ptr<RoleDatabase>> databases;
  for (int shard = 0; shard < context.options.shards; ++shard) {
    auto database =
        RoleDatabase::open(context, "ledger-" + std::to_string(shard),
                           {outbox_migrations(), inbox_migrations(), ledger_migrations(), wallet_migrations()});
    if (!database) return database.error();
    databases.push_back(std::move(*database));
  }
  if (auto same = check_shards(*databases.front(), context.options.shards); !same) return same.error();
  return std::unique_ptr<Role>(std::make_unique<Ledger>(context, std::move(databases)));
}

}  // namespace tidegate::platform
