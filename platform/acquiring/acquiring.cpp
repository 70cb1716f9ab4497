// The role `acquiring`: charges each new payment at the bank, executes captures, refunds and cancels, and reports every
// outcome as an event.
//
//   payments (gateway-0) -> inbox: attempt row -> after the commit: bank -> result row + event -> acquiring (topic)
//
//   GET  /internal/outbox/...                  the gateway's way to close a gap
//   GET  /v1/attempts/export                   pages, operator only
//   POST /v1/provider-callbacks/{acquirer}     what providers tell by themselves, signed (callbacks.hpp)

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "base/log.hpp"
#include "platform/acquiring/callbacks.hpp"
#include "platform/acquiring/charger.hpp"
#include "platform/acquiring/role.hpp"
#include "platform/events/payment_events.hpp"
#include "platform/outbox/outbox.hpp"
#include "platform/service/wall_clock.hpp"
#include "platform/worker/caller.hpp"
#include "platform/worker/export_page.hpp"
#include "platform/worker/outbox_routes.hpp"
#include "platform/worker/role_inbox.hpp"

namespace tidegate::platform {
namespace {

constexpr Nanoseconds kExpireEvery = std::chrono::seconds(1);

const std::vector<std::string_view> kLookedAt = {event_type::payment_created, event_type::capture_requested,
                                                 event_type::refund_requested, event_type::cancel_requested};

bool is_looked_at(std::string_view type) {
  return std::ranges::find(kLookedAt, type) != kLookedAt.end();
}

class Acquiring final : public Role {
 public:
  Acquiring(RoleContext& context, std::unique_ptr<RoleDatabase> database)
      : context_(context),
        database_(std::move(database)),
        outbox_(store(), std::string(kAcquiringTopic)),
        link_(context.runtime.context().get_executor(), context.runtime.peers(), Charger::kAtOnce),
        preparation_(context.runtime.context().get_executor(), context.runtime.peers(), context.runtime.metrics()),
        charger_({context.runtime.context().get_executor(), store(), outbox_, link_, &preparation_,
                  context.runtime.metrics(), context.departures.breaker}),
        callbacks_(context.runtime, *database_, charger_),
        expiry_timer_(context.runtime.context()),
        inboxes_(context, "acquiring") {
    inboxes_.add(
        *database_, kPaymentsTopic,
        [this](Connection& connection, const Envelope& event) { return note(connection, event); },
        [this](const Envelope& event) { charge_later(event); }, {[this] { return charger_.busy(); }, kLookedAt});
    context.outboxes.add(outbox_, *database_);
    add_export(context.runtime, database_->reader(), "/v1/attempts/export", last_attempt, read_attempts);
  }

  Result<void> start() override {
    if (auto opened = outbox_.open(); !opened) return opened;
    // Before the inbox starts: what it applies from now on is submitted by its hook.
    auto open = open_attempts(database_->reader());
    if (!open) return open.error();
    if (!open->empty()) log::info("resuming attempts", {{"count", std::to_string(open->size())}});
    for (Attempt& attempt : *open) charger_.submit(std::move(attempt), true);
    if (auto started = outbox_.start_relay(context_.bus); !started) return started;
    asio::co_spawn(context_.runtime.context(), expire(), [this](std::exception_ptr) { expiring_ = false; });
    return inboxes_.start();
  }

  asio::awaitable<void> drain() override {
    stopping_ = true;
    co_await charger_.stop(std::chrono::milliseconds(400));
    while (expiring_) {
      expiry_timer_.cancel();
      asio::steady_timer wait(context_.runtime.context(), std::chrono::milliseconds(2));
      co_await wait.async_wait(asio::as_tuple(asio::use_awaitable));
    }
  }

  void close() override {
    inboxes_.stop();
    outbox_.stop_relay(std::chrono::seconds(1));
    store().stop();
  }

 private:
  Store& store() { return database_->store(); }

  /// Inside the inbox's transaction: the row of what the bank will be asked.
  Result<void> note(Connection& connection, const Envelope& event) {
    noted_.erase(event.id);
    if (!is_looked_at(event.type)) return {};
    const bool command = event.type != event_type::payment_created;
    auto attempt = command ? command_from_event(connection, event) : Attempt::from_event(event);
    if (!attempt) return attempt.error();
    if (auto inserted = insert_attempt(connection, *attempt); !inserted) return inserted;
    noted_.emplace(event.id, std::move(*attempt));
    return {};
  }

  /// On the writer thread, after the attempt's commit.
  void charge_later(const Envelope& event) {
    const auto found = noted_.find(event.id);
    if (found == noted_.end()) return;
    charger_.submit(std::move(found->second), false);
    noted_.erase(found);
  }

  asio::awaitable<void> expire() {
    while (!stopping_) {
      std::size_t expired = 1;
      while (!stopping_ && expired > 0) expired = co_await charger_.expire(lapse_now_ms());
      expiry_timer_.expires_after(kExpireEvery);
      co_await expiry_timer_.async_wait(asio::as_tuple(asio::use_awaitable));
    }
  }

  RoleContext& context_;
  std::unique_ptr<RoleDatabase> database_;
  Outbox outbox_;
  BankLink link_;
  Preparation preparation_;
  Charger charger_;
  ProviderCallbacks callbacks_;
  asio::steady_timer expiry_timer_;
  bool stopping_ = false, expiring_ = true;
  std::unordered_map<std::string, Attempt> noted_;  // the writer thread's, by event: not committed yet
  RoleInboxes inboxes_;
};

}  // namespace

Result<std::unique_ptr<Role>> make_acquiring(RoleContext& context) {
  auto database = RoleDatabase::open(context, database_name("acquiring", context.options),
                                     {outbox_migrations(), inbox_migrations(), attempt_migrations()});
  if (!database) return database.error();
  return std::unique_ptr<Role>(std::make_unique<Acquiring>(context, std::move(*database)));
}

}  // namespace tidegate::platform
