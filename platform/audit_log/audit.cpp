// The role `audit`: an append-only, hash-chained record of every event, with signed roots.
//
//   GET /v1/audit/log?after=      pages of records, operator only     GET /v1/audit/roots?after=   the signed roots
//   GET /v1/audit/key             the public key                      GET /v1/audit/verification   the verifier's word
//
// A verification reads the whole log; it runs on the loop's reader and is meant for drills and people, not for traffic.

#include "base/log.hpp"
#include "platform/audit_log/log.hpp"
#include "platform/audit_log/role.hpp"
#include "platform/events/worker_events.hpp"
#include "platform/service/await_store.hpp"
#include "platform/service/trace_context.hpp"
#include "platform/service/wall_clock.hpp"
#include "platform/worker/caller.hpp"
#include "platform/worker/export_page.hpp"
#include "platform/worker/outbox_routes.hpp"
#include "platform/worker/role_inbox.hpp"

namespace tidegate::platform {
namespace {

constexpr Nanoseconds kSignEvery = std::chrono::seconds(1);

class AuditLog final : public Role {
 public:
  AuditLog(RoleContext& context, std::unique_ptr<RoleDatabase> database, SigningKey key)
      : context_(context),
        database_(std::move(database)),
        key_(std::move(key)),
        outbox_(database_->store(), std::string(kAuditTopic)),
        timer_(context.runtime.context()),
        inboxes_(context, "audit") {
    for (const std::string_view topic : {kPaymentsTopic, kAcquiringTopic, kFraudTopic, kLedgerTopic, kPayoutsTopic}) {
      inboxes_.add(*database_, topic, append_record);
    }
    ServiceRuntime& runtime = context.runtime;
    context.outboxes.add(outbox_, *database_);
    add_export(runtime, database_->reader(), "/v1/audit/log", last_record, read_records);
    add_export(runtime, database_->reader(), "/v1/audit/roots", last_root, read_roots);
    runtime.router().add_immediate("GET", "/v1/audit/key", [this](const http::Request&, auto) {
      return json_response(200, json::object{{"algorithm", "Ed25519"}, {"public_key", key_.public_key()}});
    });
    runtime.router().add_immediate(
        "GET", "/v1/audit/verification",
        runtime.operator_only(ImmediateHandler([this](const http::Request&, auto) { return verify(); })));
  }

  Result<void> start() override {
    if (auto opened = outbox_.open(); !opened) return opened;
    if (auto started = outbox_.start_relay(context_.bus); !started) return started;
    signing_ = true;
    asio::co_spawn(context_.runtime.context(), sign(), [this](std::exception_ptr) { signing_ = false; });
    return inboxes_.start();
  }

  asio::awaitable<void> drain() override {
    stopping_ = true;
    while (signing_) {
      timer_.cancel();
      asio::steady_timer wait(context_.runtime.context(), std::chrono::milliseconds(2));
      co_await wait.async_wait(asio::as_tuple(asio::use_awaitable));
    }
  }

  void close() override {
    inboxes_.stop();
    outbox_.stop_relay(std::chrono::milliseconds(500));
    database_->store().stop();
  }

 private:
  asio::awaitable<void> sign() {
    while (!stopping_) {
      co_await sign_once();
      if (context_.departures.audit_log_job) {
        Work job = context_.departures.audit_log_job;
        (void)co_await commit(database_->store(), std::move(job));
      }
      timer_.expires_after(kSignEvery);
      co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
    }
    co_await sign_once();
  }

  asio::awaitable<void> sign_once() {
    std::vector<Envelope> events;
    Work work = [&](Connection& connection) -> Result<void> {
      events.clear();
      auto roots = sign_heads(connection, key_, wall_now_ms());
      if (!roots) return roots.error();
      for (const AuditRoot& root : *roots) {
        Envelope event;
        event.type = event_type::audit_root_signed;
        event.payment = "shard-" + std::to_string(root.shard);
        event.tenant = "platform";
        event.traceparent = continue_trace("");
        event.data = {
            {"shard", root.shard}, {"records", root.index}, {"root", root.hash}, {"signature", root.signature}};
        if (auto appended = outbox_.append(connection, event); !appended) return appended;
        events.push_back(std::move(event));
      }
      return {};
    };
    std::function<void()> committed = [&] {
      for (const Envelope& event : events) outbox_.committed(event);
    };
    if (auto done = co_await commit(database_->store(), std::move(work), std::move(committed), Urgency::background);
        !done) {
      log::warn("the audit log's roots cannot be signed yet", {{"why", done.error().message}});
    }
  }

  http::Response verify() {
    const auto verifier = verify_log(database_->reader(), key_.public_key());
    if (!verifier) return problem(503, "The audit log cannot be read at the moment.");
    const auto& faults = verifier->faults();
    return json_response(200, json::object{{"intact", faults.empty()},
                                           {"faults", json::array(faults.begin(), faults.end())},
                                           {"unsigned_records", verifier->unsigned_records()}});
  }

  RoleContext& context_;
  std::unique_ptr<RoleDatabase> database_;
  const SigningKey key_;
  Outbox outbox_;
  asio::steady_timer timer_;
  bool stopping_ = false, signing_ = false;
  RoleInboxes inboxes_;
};

}  // namespace

Result<std::unique_ptr<Role>> make_audit(RoleContext& context) {
  auto database = RoleDatabase::open(context, database_name("audit", context.options),
                                     {outbox_migrations(), inbox_migrations(), audit_log_migrations()});
  if (!database) return database.error();
  auto key = SigningKey::open(context.options.data_directory + "/audit.key");
  if (!key) return key.error();
  return std::unique_ptr<Role>(std::make_unique<AuditLog>(context, std::move(*database), std::move(*key)));
}

}  // namespace tidegate::platform
