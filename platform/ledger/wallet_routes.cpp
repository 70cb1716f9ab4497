#include "platform/ledger/wallet_routes.hpp"

#include "base/random.hpp"
#include "platform/events/event_data.hpp"
#include "platform/service/await_store.hpp"
#include "platform/service/problem.hpp"
#include "platform/service/trace_context.hpp"
#include "platform/worker/caller.hpp"

namespace tidegate::platform {
namespace {

http::Response answer(const WalletCommand& command, const WalletOutcome& outcome) {
  http::Response response;
  switch (outcome.kind) {
    case WalletOutcome::Kind::done:
      response = json_response(
          200, json::object{{"wallet", command.wallet}, {"balance", outcome.balance}, {"currency", command.currency}});
      break;
    case WalletOutcome::Kind::insufficient:
      response = problem(422, "insufficient-funds: the wallet holds " + std::to_string(outcome.balance) + ".");
      break;
    case WalletOutcome::Kind::other_currency:
      response = problem(422, "other-currency: the wallet holds another currency.");
      break;
    case WalletOutcome::Kind::other_body:
      return problem(422, "idempotency-key-reused: this Idempotency-Key was used with another body.");
    case WalletOutcome::Kind::overflow:
      response = problem(422, "balance-limit: the wallet cannot hold that much.");
      break;
  }
  if (outcome.replayed) response.headers.emplace_back("Idempotent-Replayed", "true");
  return response;
}

}  // namespace

WalletRoutes::WalletRoutes(ServiceRuntime& runtime, std::function<LedgerShard&(std::string_view tenant)> shard_of)
    : shard_of_(std::move(shard_of)) {
  Router& router = runtime.router();
  const auto add = [&](const char* pattern, WalletOperation operation) {
    router.add("POST", pattern,
               runtime.operator_only(RouteHandler([this, operation](const http::Request& request, auto wallet) {
                 return move(request, std::string(wallet), operation);
               })));
  };
  router.add("POST", "/v1/wallets",
             runtime.operator_only(RouteHandler([this](const http::Request& request, auto) { return open(request); })));
  add("/v1/wallets/{id}/credit", WalletOperation::credit);
  add("/v1/wallets/{id}/debit", WalletOperation::debit);
  router.add_immediate("GET", "/v1/wallets/{id}",
                       runtime.operator_only(ImmediateHandler(
                           [this](const http::Request& request, auto wallet) { return show(request, wallet); })));
}

/// {currency, wallet?}: without a name of the client's, the key makes one, so that a repeat opens the same wallet.
asio::awaitable<http::Response> WalletRoutes::open(const http::Request& request) {
  const auto caller = read_caller(request, NeedsKey::yes);
  if (!caller) co_return problem(400, caller.error().message);
  const auto body = read_body(request, {"wallet", "currency"});
  if (!body) co_return problem(400, body.error().message);
  const std::string currency = string_member(*body, "currency").value_or("");
  if (!is_currency(currency)) co_return problem(400, "currency is a code of three capitals, as in ISO 4217");
  const std::string made = "wal_" + std::to_string(stable_hash(caller->tenant + "/" + caller->key));
  const std::string name = string_member(*body, "wallet").value_or(made);
  if (!is_wallet_name(name)) co_return problem(400, "a wallet's name has 1 to 64 letters, digits, '-' and '_'");
  std::optional<Wallet> wallet;
  Work work = [&](Connection& connection) -> Result<void> {
    if (auto opened = open_wallet(connection, caller->tenant, name, currency); !opened) return opened;
    auto found = find_wallet(connection, caller->tenant, name);
    if (!found) return found.error();
    wallet = std::move(*found);
    return {};
  };
  if (auto written = co_await commit(shard_of_(caller->tenant).database().store(), std::move(work));
      !written || !wallet) {
    co_return problem(503, "The wallet cannot be written at the moment.");
  }
  if (wallet->currency != currency) co_return problem(422, "other-currency: the wallet holds another currency.");
  co_return json_response(201,
                          json::object{{"wallet", name}, {"balance", wallet->balance}, {"currency", wallet->currency}});
}

asio::awaitable<http::Response> WalletRoutes::move(const http::Request& request, std::string wallet,
                                                   WalletOperation operation) {
  const auto caller = read_caller(request, NeedsKey::yes);
  if (!caller) co_return problem(400, caller.error().message);
  const auto body = read_body(request, {"amount", "currency"});
  if (!body) co_return problem(400, body.error().message);
  const auto command = WalletCommand::from_request(operation, caller->tenant, wallet, caller->key, *body);
  if (!command) co_return problem(400, command.error().message);
  const std::string trace = continue_trace(header_of(request, "traceparent"));
  LedgerShard& shard = shard_of_(caller->tenant);
  WalletOutcome outcome;
  std::vector<Envelope> told;
  Work work = [&](Connection& connection) -> Result<void> {
    told.clear();
    auto moved = move_wallet(connection, *command, [&](Envelope event) -> Result<void> {
      event.traceparent = trace;
      if (auto appended = shard.outbox().append(connection, event); !appended) return appended;
      told.push_back(std::move(event));
      return {};
    });
    if (!moved) return moved.error();
    outcome = *moved;
    return {};
  };
  std::function<void()> committed = [&] {
    for (const Envelope& event : told) shard.outbox().committed(event);
  };
  if (auto written = co_await commit(shard.database().store(), std::move(work), std::move(committed)); !written) {
    co_return problem(503, "The wallet cannot be written at the moment.");
  }
  co_return answer(*command, outcome);
}

http::Response WalletRoutes::show(const http::Request& request, std::string_view wallet) {
  const auto caller = read_caller(request, NeedsKey::no);
  if (!caller) return problem(400, caller.error().message);
  const auto found = find_wallet(shard_of_(caller->tenant).database().reader(), caller->tenant, wallet);
  if (!found) return problem(503, "The wallet cannot be read at the moment.");
  if (!*found) return problem(404, "There is no such wallet.");
  return json_response(
      200, json::object{{"wallet", wallet}, {"balance", (*found)->balance}, {"currency", (*found)->currency}});
}

}  // namespace tidegate::platform
