// The role `payouts`: pays merchants out over 12 networks, singly and in batches (payroll).
//
//   POST -> row + payout_requested -> ledger: reserved or refused -> the network -> row + payout_paid | payout_failed
//
//   POST /v1/payouts              {network, amount, currency, account}, Idempotency-Key: 202
//   POST /v1/payout-batches       {payouts: [...]}, at most 1,000, all or none accepted: 202
//   GET  /v1/payouts/{id}         GET /v1/payout-batches/{id}
//
// For services, with Tidegate-Tenant (worker/caller.hpp).

#include <unordered_map>

#include "base/log.hpp"
#include "base/random.hpp"
#include "platform/events/worker_events.hpp"
#include "platform/payouts/payer.hpp"
#include "platform/payouts/role.hpp"
#include "platform/service/await_store.hpp"
#include "platform/service/problem.hpp"
#include "platform/service/trace_context.hpp"
#include "platform/worker/caller.hpp"
#include "platform/worker/outbox_routes.hpp"
#include "platform/worker/role_inbox.hpp"

namespace tidegate::platform {
namespace {

constexpr std::string_view kSingle = "payouts";
constexpr std::string_view kBatch = "payout-batches";

class Payouts final : public Role {
 public:
  Payouts(RoleContext& context, std::unique_ptr<RoleDatabase> database)
      : context_(context),
        database_(std::move(database)),
        outbox_(database_->store(), std::string(kPayoutsTopic)),
        payer_(context.runtime.context().get_executor(), database_->store(), outbox_, context.runtime.peers(),
               context.runtime.metrics()),
        inboxes_(context, "payouts") {
    inboxes_.add(
        *database_, kLedgerTopic,
        [this](Connection& connection, const Envelope& event) { return note(connection, event); },
        [this](const Envelope& event) { pay_later(event); });
    context.outboxes.add(outbox_, *database_);
    ServiceRuntime& runtime = context.runtime;
    Router& router = runtime.router();
    router.add(
        "POST", "/v1/payouts",
        runtime.operator_only(RouteHandler([this](const http::Request& request, auto) { return one(request); })));
    router.add(
        "POST", "/v1/payout-batches",
        runtime.operator_only(RouteHandler([this](const http::Request& request, auto) { return many(request); })));
    router.add_immediate("GET", "/v1/payouts/{id}",
                         runtime.operator_only(ImmediateHandler([this](const http::Request& request, auto id) {
                           return show(request, std::string(id));
                         })));
    router.add_immediate("GET", "/v1/payout-batches/{id}",
                         runtime.operator_only(ImmediateHandler([this](const http::Request& request, auto id) {
                           return show_batch(request, std::string(id));
                         })));
  }

  Result<void> start() override {
    if (auto opened = outbox_.open(); !opened) return opened;
    auto reserved = reserved_payouts(database_->reader());
    if (!reserved) return reserved.error();
    for (Payout& payout : *reserved) payer_.submit(std::move(payout), true);
    if (auto started = outbox_.start_relay(context_.bus); !started) return started;
    return inboxes_.start();
  }

  asio::awaitable<void> drain() override { return payer_.stop(); }

  void close() override {
    inboxes_.stop();
    outbox_.stop_relay(std::chrono::seconds(1));
    database_->store().stop();
  }

 private:
  /// What the ledger decided, inside the inbox's transaction.
  Result<void> note(Connection& connection, const Envelope& event) {
    reserved_.erase(event.id);
    const bool reserved = event.type == event_type::payout_reserved;
    if (!reserved && event.type != event_type::payout_refused) return {};
    auto movement = LedgerMovement::from_data(event.data);
    if (!movement) return movement.error();
    auto stepped =
        step_payout(connection, event.payment, "requested", reserved ? "reserved" : "refused", movement->reason);
    if (!stepped) return stepped.error();
    if (!*stepped || !reserved) return {};
    auto payout = find_payout(connection, event.payment);
    if (!payout) return payout.error();
    if (*payout) reserved_.emplace(event.id, std::move(**payout));
    return {};
  }

  void pay_later(const Envelope& event) {
    const auto found = reserved_.find(event.id);
    if (found == reserved_.end()) return;
    asio::post(context_.runtime.context(),
               [this, payout = std::move(found->second)]() mutable { payer_.submit(std::move(payout), false); });
    reserved_.erase(found);
  }

  asio::awaitable<http::Response> one(const http::Request& request) {
    const auto caller = read_caller(request, NeedsKey::yes);
    if (!caller) co_return problem(400, caller.error().message);
    const auto body = parse_json(request.body);
    if (!body || !body->is_object()) co_return problem(400, "The body is a JSON object.");
    auto payout = Payout::from_request(body->as_object());
    if (!payout) co_return problem(400, payout.error().message);
    std::vector<Payout> payouts{std::move(*payout)};
    co_return co_await accept(*caller, kSingle, "po_" + random_hex(12), std::move(payouts),
                              std::string(header_of(request, "traceparent")));
  }

  asio::awaitable<http::Response> many(const http::Request& request) {
    const auto caller = read_caller(request, NeedsKey::yes);
    if (!caller) co_return problem(400, caller.error().message);
    const auto body = read_body(request, {"payouts"});
    if (!body) co_return problem(400, body.error().message);
    const json::value* listed = body->if_contains("payouts");
    const json::array* items = listed == nullptr ? nullptr : listed->if_array();
    if (items == nullptr || items->empty() || items->size() > kMostInBatch) {
      co_return problem(400, "payouts is a list of 1 to 1000 payouts.");
    }
    std::vector<Payout> payouts;
    for (const json::value& item : *items) {
      auto payout = item.is_object() ? Payout::from_request(item.as_object())
                                     : Result<Payout>(usage_error("a payout is a JSON object"));
      if (!payout) {
        co_return problem(400, "payout " + std::to_string(payouts.size() + 1) + ": " + payout.error().message);
      }
      payouts.push_back(std::move(*payout));
    }
    co_return co_await accept(*caller, kBatch, "pob_" + random_hex(12), std::move(payouts),
                              std::string(header_of(request, "traceparent")));
  }

  /// All rows, their events and the key in one transaction; or what the key stands for.
  asio::awaitable<http::Response> accept(Caller caller, std::string_view route, std::string id,
                                         std::vector<Payout> payouts, std::string incoming_trace) {
    std::string fingerprint_text;
    for (const Payout& payout : payouts) fingerprint_text += json::serialize(payout.to_json());
    const auto fingerprint = static_cast<std::int64_t>(stable_hash(fingerprint_text));
    const std::string trace = continue_trace(incoming_trace);
    for (Payout& payout : payouts) {
      payout.id = route == kSingle ? id : "po_" + random_hex(12);
      if (route == kBatch) payout.batch = id;
      payout.tenant = caller.tenant;
      payout.traceparent = trace;
    }
    std::optional<KeyedPayouts> known;
    std::vector<Envelope> events;
    Work work = [&](Connection& connection) -> Result<void> {
      events.clear();
      auto found = find_payout_key(connection, caller.tenant, route, caller.key);
      if (!found) return found.error();
      known = std::move(*found);
      if (known) return {};
      for (const Payout& payout : payouts) {
        if (auto inserted = insert_payout(connection, payout); !inserted) return inserted;
        events.push_back(payout.to_event(event_type::payout_requested));
        events.back().traceparent = trace;
        if (auto appended = outbox_.append(connection, events.back()); !appended) return appended;
      }
      return insert_payout_key(connection, caller.tenant, route, caller.key, {id, fingerprint});
    };
    std::function<void()> committed = [&] {
      for (const Envelope& event : events) outbox_.committed(event);
    };
    if (auto done = co_await commit(database_->store(), std::move(work), std::move(committed)); !done) {
      co_return problem(503, "Payouts cannot be written at the moment.");
    }
    if (known && known->fingerprint != fingerprint) {
      co_return problem(422, "idempotency-key-reused: this Idempotency-Key was used with another body.");
    }
    http::Response response = json_response(202, json::object{{"id", known ? known->id : id}, {"status", "requested"}});
    response.headers.emplace_back("Location", "/v1/" + std::string(route) + "/" + (known ? known->id : id));
    if (known) response.headers.emplace_back("Idempotent-Replayed", "true");
    co_return response;
  }

  http::Response show(const http::Request& request, const std::string& id) {
    const auto caller = read_caller(request, NeedsKey::no);
    if (!caller) return problem(400, caller.error().message);
    const auto payout = find_payout(database_->reader(), id);
    if (!payout) return problem(503, "Payouts cannot be read at the moment.");
    if (!*payout || (*payout)->tenant != caller->tenant) return problem(404, "There is no such payout.");
    return json_response(200, (*payout)->to_json());
  }

  http::Response show_batch(const http::Request& request, const std::string& id) {
    const auto caller = read_caller(request, NeedsKey::no);
    if (!caller) return problem(400, caller.error().message);
    const auto summary = batch_summary(database_->reader(), caller->tenant, id);
    if (!summary) return problem(503, "Payouts cannot be read at the moment.");
    if (!*summary) return problem(404, "There is no such batch.");
    return json_response(200, **summary);
  }

  RoleContext& context_;
  std::unique_ptr<RoleDatabase> database_;
  Outbox outbox_;
  std::unordered_map<std::string, Payout> reserved_;  // the writer thread's, by event: not committed yet
  Payer payer_;
  RoleInboxes inboxes_;
};

}  // namespace

Result<std::unique_ptr<Role>> make_payouts(RoleContext& context) {
  auto database = RoleDatabase::open(context, database_name("payouts", context.options),
                                     {outbox_migrations(), inbox_migrations(), payout_migrations()});
  if (!database) return database.error();
  return std::unique_ptr<Role>(std::make_unique<Payouts>(context, std::move(*database)));
}

}  // namespace tidegate::platform
