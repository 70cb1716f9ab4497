// The role `fraud`: clears or holds each payment, off the authorization path. Captured money settles only once cleared.
//
//   payments -> inbox: rules, row -> after the commit: the model -> decision row + event -> fraud (topic)
//
//   GET  /v1/fraud/decisions              pages, operator only
//   GET  /v1/fraud/decisions/{payment}    operator only
//   POST /admin/fraud/{payment}/release   a person clears it; .../hold holds it. 409 when it is not decided yet
//   GET|PUT /admin/fraud/rules            lists and limits

#include <mutex>

#include "base/log.hpp"
#include "platform/fraud/role.hpp"
#include "platform/fraud/scorer.hpp"
#include "platform/service/await_store.hpp"
#include "platform/service/wall_clock.hpp"
#include "platform/worker/caller.hpp"
#include "platform/worker/export_page.hpp"
#include "platform/worker/outbox_routes.hpp"
#include "platform/worker/role_inbox.hpp"

namespace tidegate::platform {
namespace {

class Fraud final : public Role {
 public:
  Fraud(RoleContext& context, std::unique_ptr<RoleDatabase> database)
      : context_(context),
        database_(std::move(database)),
        outbox_(database_->store(), std::string(kFraudTopic)),
        scorer_(context.runtime.context().get_executor(), database_->store(), outbox_, context.runtime.peers(),
                context.runtime.metrics(), [this] { return limits(); }),
        inboxes_(context, "fraud") {
    inboxes_.add(
        *database_, kPaymentsTopic,
        [this](Connection& connection, const Envelope& event) { return look_at(connection, event); },
        [this](const Envelope& event) { score_later(event); },
        {[this] { return scorer_.busy(); }, {event_type::payment_created}});
    context.outboxes.add(outbox_, *database_);
    add_routes(context.runtime);
  }

  Result<void> start() override {
    if (auto opened = outbox_.open(); !opened) return opened;
    if (auto loaded = load(); !loaded) return loaded;
    auto open = open_decisions(database_->reader());
    if (!open) return open.error();
    for (Decision& decision : *open) scorer_.submit(std::move(decision));
    if (auto started = outbox_.start_relay(context_.bus); !started) return started;
    return inboxes_.start();
  }

  asio::awaitable<void> drain() override { return scorer_.stop(); }

  void close() override {
    inboxes_.stop();
    outbox_.stop_relay(std::chrono::seconds(1));
    database_->store().stop();
  }

 private:
  std::shared_ptr<const FraudLimits> limits() const {
    const std::lock_guard lock(mutex_);
    return limits_;
  }

  Result<void> load() {
    auto seen = seen_since(database_->reader(), wall_now_ms() - FraudProfiles::kWindowMs);
    if (!seen) return seen.error();
    for (const SeenPayment& payment : *seen) profiles_.see(payment);
    std::string text;
    auto read = database_->reader().query("SELECT value FROM settings WHERE name = 'limits'", {}, [&](const Row& row) {
      text = row.text(0);
      return false;
    });
    if (!read || text.empty()) return read;
    const auto parsed = parse_json(text);
    if (!parsed) return parsed.error();
    auto limits = FraudLimits{}.changed(parsed->as_object());
    if (!limits) return limits.error();
    limits_ = std::make_shared<const FraudLimits>(std::move(*limits));
    return {};
  }

  /// On the writer thread, inside the transaction. The profiles belong to that thread.
  Result<void> look_at(Connection& connection, const Envelope& event) {
    if (event.type == event_type::payment_declined) {
      profiles_.declined(event.payment, event.occurred_at_ms, elapsed_now_ms());
      return {};
    }
    if (event.type != event_type::payment_created) return {};
    auto seen = seen_payment(event);
    if (!seen) return seen.error();
    Decision decision;
    decision.payment = std::move(*seen);
    decision.traceparent = event.traceparent;
    decision.rules = apply_rules(profiles_.see(decision.payment, elapsed_now_ms()), *limits());
    if (auto inserted = insert_decision(connection, decision); !inserted) return inserted;
    undecided_.insert_or_assign(event.id, std::move(decision));
    return {};
  }

  /// On the writer thread, after the commit.
  void score_later(const Envelope& event) {
    const auto found = undecided_.find(event.id);
    if (found == undecided_.end()) return;
    scorer_.submit(std::move(found->second));
    undecided_.erase(found);
  }

  void add_routes(ServiceRuntime& runtime) {
    Router& router = runtime.router();
    add_export(runtime, database_->reader(), "/v1/fraud/decisions", last_decision, read_decisions);
    router.add_immediate("GET", "/v1/fraud/decisions/{payment}",
                         runtime.operator_only(ImmediateHandler(
                             [this](const http::Request&, auto payment) { return show(std::string(payment)); })));
    const auto add = [&](const char* pattern, const char* state) {
      router.add("POST", pattern, runtime.operator_only(RouteHandler([this, state](const http::Request&, auto payment) {
        return overrule(std::string(payment), state);
      })));
    };
    add("/admin/fraud/{payment}/release", "cleared");
    add("/admin/fraud/{payment}/hold", "held");
    router.add_immediate("GET", "/admin/fraud/rules",
                         runtime.operator_only(ImmediateHandler(
                             [this](const http::Request&, auto) { return json_response(200, limits()->to_json()); })));
    router.add("PUT", "/admin/fraud/rules",
               runtime.operator_only(
                   RouteHandler([this](const http::Request& request, auto) { return change_limits(request); })));
  }

  http::Response show(const std::string& payment) {
    const auto found = find_decision(database_->reader(), payment);
    if (!found) return problem(503, "The decisions cannot be read at the moment.");
    if (!*found) return problem(404, "Fraud has not seen this payment.");
    return json_response(200, (*found)->to_json());
  }

  asio::awaitable<http::Response> overrule(std::string payment, std::string state) {
    std::optional<Decision> decision;
    bool changed = false;
    Envelope event;
    Work work = [&](Connection& connection) -> Result<void> {
      auto found = find_decision(connection, payment);
      if (!found) return found.error();
      decision = std::move(*found);
      changed = decision && decision->state != "scoring" && decision->state != state;
      if (!changed) return {};
      const std::string from = std::exchange(decision->state, state);
      auto finished = finish_decision(connection, *decision, from);
      if (!finished) return finished.error();
      event = decision->to_event(true);
      return outbox_.append(connection, event);
    };
    std::function<void()> committed = [&] {
      if (changed) outbox_.committed(event);
    };
    if (auto done = co_await commit(database_->store(), std::move(work), std::move(committed)); !done) {
      co_return problem(503, "The decision cannot be written at the moment.");
    }
    if (!decision) co_return problem(404, "Fraud has not seen this payment.");
    if (decision->state == "scoring") co_return problem(409, "The payment is being scored; try again in a moment.");
    co_return json_response(200, decision->to_json());
  }

  asio::awaitable<http::Response> change_limits(const http::Request& request) {
    const auto parsed = parse_json(request.body);
    if (!parsed || !parsed->is_object()) co_return problem(400, "The body is a JSON object of limits.");
    auto next = limits()->changed(parsed->as_object());
    if (!next) co_return problem(422, next.error().message);
    const std::string text = json::serialize(next->to_json());
    Work work = [&](Connection& connection) -> Result<void> {
      auto saved = connection.execute(
          "INSERT INTO settings (name, value) VALUES ('limits', ?1) ON CONFLICT (name) DO UPDATE SET value = ?1",
          {text});
      if (!saved) return saved.error();
      return {};
    };
    if (auto done = co_await commit(database_->store(), std::move(work)); !done) {
      co_return problem(503, "The limits cannot be written at the moment.");
    }
    const std::lock_guard lock(mutex_);
    limits_ = std::make_shared<const FraudLimits>(std::move(*next));
    co_return json_response(200, limits_->to_json());
  }

  RoleContext& context_;
  std::unique_ptr<RoleDatabase> database_;
  Outbox outbox_;
  mutable std::mutex mutex_;
  std::shared_ptr<const FraudLimits> limits_ = std::make_shared<const FraudLimits>();
  FraudProfiles profiles_;                               // the writer thread's
  std::unordered_map<std::string, Decision> undecided_;  // the writer thread's: seen, not committed yet
  Scorer scorer_;
  RoleInboxes inboxes_;
};

}  // namespace

Result<std::unique_ptr<Role>> make_fraud(RoleContext& context) {
  auto database = RoleDatabase::open(context, database_name("fraud", context.options),
                                     {outbox_migrations(), inbox_migrations(), decision_migrations()});
  if (!database) return database.error();
  return std::unique_ptr<Role>(std::make_unique<Fraud>(context, std::move(*database)));
}

}  // namespace tidegate::platform
