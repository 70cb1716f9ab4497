// The role `vault`: the only place that sees a card number. Tokens go out, numbers never do: acquirers accept the
// token, which the card network would resolve on its side.
//
//   POST   /v1/tokens          {number, expiry_month, expiry_year, cvv?}   201 new, 200 the tenant's token of that card
//   GET    /v1/tokens/{token}  brand, leading six, last four, expiry
//   DELETE /v1/tokens/{token}  forgets the number; the token stays refused
//
// All for services, with the operator's token and Tidegate-Tenant. A token of another tenant is a 404.

#include "base/log.hpp"
#include "base/random.hpp"
#include "platform/service/await_store.hpp"
#include "platform/service/problem.hpp"
#include "platform/service/wall_clock.hpp"
#include "platform/vault/card.hpp"
#include "platform/vault/cipher.hpp"
#include "platform/vault/role.hpp"
#include "platform/worker/caller.hpp"
#include "platform/worker/role_database.hpp"

namespace tidegate::platform {
namespace {

constexpr Migration kMigrations[] = {
    {100,
     "CREATE TABLE cards (token TEXT PRIMARY KEY, tenant TEXT NOT NULL, fingerprint TEXT, sealed TEXT, brand TEXT NOT "
     "NULL, bin TEXT NOT NULL, last_four TEXT NOT NULL, expiry_month INTEGER NOT NULL, expiry_year INTEGER NOT NULL,"
     " created_at_ms INTEGER NOT NULL, UNIQUE (tenant, fingerprint)) WITHOUT ROWID"},
};

constexpr std::size_t kTokenBytes = 16;

struct StoredCard {
  std::string token, brand, bin, last_four;
  std::int64_t expiry_month = 0, expiry_year = 0;
  bool is_new = false;

  json::object to_json() const {
    return {{"token", token},
            {"brand", brand},
            {"bin", bin},
            {"last_four", last_four},
            {"expiry_month", expiry_month},
            {"expiry_year", expiry_year}};
  }
};

/// The card of a tenant under a condition on its second parameter; numbers that were forgotten are not found.
Result<std::optional<StoredCard>> find_card(Connection& connection, std::string_view column, std::string_view tenant,
                                            std::string_view value) {
  std::optional<StoredCard> found;
  const std::string sql =
      "SELECT token, brand, bin, last_four, expiry_month, expiry_year FROM cards WHERE tenant = ?1 AND " +
      std::string(column) + " = ?2 AND sealed IS NOT NULL";
  auto read = connection.query(sql, {tenant, value}, [&](const Row& row) {
    found = StoredCard{std::string(row.text(0)), std::string(row.text(1)), std::string(row.text(2)),
                       std::string(row.text(3)), row.integer(4),           row.integer(5)};
    return false;
  });
  if (!read) return read.error();
  return found;
}

class Vault final : public Role {
 public:
  Vault(RoleContext& context, std::unique_ptr<RoleDatabase> database, Cipher cipher)
      : database_(std::move(database)),
        cipher_(std::move(cipher)),
        tokens_(context.runtime.metrics().counter("vault_tokens_total", "Cards taken in.")) {
    ServiceRuntime& runtime = context.runtime;
    Router& router = runtime.router();
    router.add(
        "POST", "/v1/tokens",
        runtime.operator_only(RouteHandler([this](const http::Request& request, auto) { return tokenize(request); })));
    router.add_immediate("GET", "/v1/tokens/{token}",
                         runtime.operator_only(ImmediateHandler(
                             [this](const http::Request& request, auto token) { return show(request, token); })));
    router.add("DELETE", "/v1/tokens/{token}",
               runtime.operator_only(RouteHandler(
                   [this](const http::Request& request, auto token) { return forget(request, std::string(token)); })));
  }

  Result<void> start() override { return {}; }
  void close() override { database_->store().stop(); }

 private:
  asio::awaitable<http::Response> tokenize(const http::Request& request) {
    const auto caller = read_caller(request, NeedsKey::no);
    if (!caller) co_return problem(400, caller.error().message);
    const auto body = read_body(request, {"number", "expiry_month", "expiry_year", "cvv"});
    if (!body) co_return problem(400, "The body is a JSON object with number, expiry_month, expiry_year and cvv.");
    const auto card = CardDetails::from_request(*body);
    if (!card) co_return problem(422, card.error().message);
    StoredCard stored{"tok_" + random_hex(kTokenBytes),
                      std::string(brand_of(card->number)),
                      bin_of(card->number),
                      last_four_of(card->number),
                      card->expiry_month,
                      card->expiry_year};
    const auto sealed = cipher_.seal(card->number, stored.token);
    if (!sealed) co_return problem(503, "The vault cannot seal a card at the moment.");
    const std::string fingerprint = cipher_.fingerprint(caller->tenant + "/" + card->number);
    Work write = [&](Connection& connection) {
      return insert(connection, caller->tenant, fingerprint, *sealed, stored);
    };
    if (auto committed = co_await commit(database_->store(), std::move(write)); !committed) {
      co_return problem(503, "The vault cannot write at the moment.");
    }
    if (stored.is_new) tokens_.add();
    co_return json_response(stored.is_new ? 201 : 200, stored.to_json());
  }

  static Result<void> insert(Connection& connection, const std::string& tenant, const std::string& fingerprint,
                             const std::string& sealed, StoredCard& card) {
    auto inserted = connection.execute(
        "INSERT OR IGNORE INTO cards (token, tenant, fingerprint, sealed, brand, bin, last_four, expiry_month,"
        " expiry_year, created_at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        {card.token, tenant, fingerprint, sealed, card.brand, card.bin, card.last_four, card.expiry_month,
         card.expiry_year, wall_now_ms()});
    if (!inserted) return inserted.error();
    card.is_new = *inserted == 1;
    if (card.is_new) return {};
    auto known = find_card(connection, "fingerprint", tenant, fingerprint);
    if (!known) return known.error();
    if (!*known) return internal_error("the card was neither stored nor found");
    card = std::move(**known);
    return {};
  }

  http::Response show(const http::Request& request, std::string_view token) {
    const auto caller = read_caller(request, NeedsKey::no);
    if (!caller) return problem(400, caller.error().message);
    const auto card = find_card(database_->reader(), "token", caller->tenant, token);
    if (!card) return problem(503, "The vault cannot read at the moment.");
    if (!*card) return problem(404, "There is no such token.");
    return json_response(200, (*card)->to_json());
  }

  asio::awaitable<http::Response> forget(const http::Request& request, std::string token) {
    const auto caller = read_caller(request, NeedsKey::no);
    if (!caller) co_return problem(400, caller.error().message);
    std::int64_t forgotten = 0;
    Work erase = [&](Connection& connection) -> Result<void> {
      auto changed = connection.execute(
          "UPDATE cards SET sealed = NULL, fingerprint = NULL WHERE tenant = ?1 AND token = ?2 AND sealed IS NOT NULL",
          {caller->tenant, token});
      if (!changed) return changed.error();
      forgotten = *changed;
      return {};
    };
    if (auto committed = co_await commit(database_->store(), std::move(erase)); !committed) {
      co_return problem(503, "The vault cannot write at the moment.");
    }
    if (forgotten == 0) co_return problem(404, "There is no such token.");
    http::Response done;
    done.status = 204;
    co_return done;
  }

  std::unique_ptr<RoleDatabase> database_;
  const Cipher cipher_;
  Counter& tokens_;
};

}  // namespace

Result<std::unique_ptr<Role>> make_vault(RoleContext& context) {
  auto database = RoleDatabase::open(context, "vault", {kMigrations});
  if (!database) return database.error();
  auto cipher = Cipher::open(context.options.data_directory + "/vault.key");
  if (!cipher) return cipher.error();
  return std::unique_ptr<Role>(std::make_unique<Vault>(context, std::move(*database), std::move(*cipher)));
}

}  // namespace tidegate::platform
