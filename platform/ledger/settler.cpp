#include "platform/ledger/settler.hpp"

#include "base/log.hpp"
#include "platform/service/await_store.hpp"
#include "platform/service/trace_context.hpp"
#include "platform/service/wall_clock.hpp"
#include "platform/worker/caller.hpp"

namespace tidegate::platform {
namespace {

constexpr std::int64_t kAtOnce = 500;  // payments in one transaction: events of payments wait behind it
constexpr Nanoseconds kLookEvery = std::chrono::milliseconds(200);

}  // namespace

Settler::Settler(ServiceRuntime& runtime, RoleDatabase& database, Outbox& outbox)
    : runtime_(runtime),
      database_(database),
      outbox_(outbox),
      timer_(runtime.context()),
      settled_(runtime.metrics().counter("ledger_batch_settled_total", "Payments settled in batches.")) {}

Settlement Settler::settlement() const {
  const std::lock_guard lock(mutex_);
  return settlement_;
}

Result<void> Settler::load() {
  std::string text;
  auto read = database_.reader().query("SELECT value FROM settings WHERE name = 'settlement'", {}, [&](const Row& row) {
    text = row.text(0);
    return false;
  });
  if (!read) return read;
  if (!text.empty()) {
    const auto parsed = parse_json(text);
    if (!parsed) return parsed.error();
    auto settlement = Settlement::from_json(parsed->as_object());
    if (!settlement) return settlement.error();
    settlement_ = *settlement;
  }
  running_ = true;
  asio::co_spawn(runtime_.context(), settle_batches(), [this](std::exception_ptr) { running_ = false; });
  return {};
}

asio::awaitable<Result<void>> Settler::change(Settlement settlement) {
  const std::string text = json::serialize(settlement.to_json());
  // Payments that were cleared under the other mode become due, whichever mode comes.
  Work write = [&](Connection& connection) -> Result<void> {
    auto saved = connection.execute(
        "INSERT INTO settings (name, value) VALUES ('settlement', ?1) ON CONFLICT (name) DO UPDATE SET value = ?1",
        {text});
    if (!saved) return saved.error();
    return {};
  };
  auto committed = co_await commit(database_.store(), std::move(write));
  if (!committed) co_return committed;
  {
    const std::lock_guard lock(mutex_);
    settlement_ = settlement;
  }
  timer_.cancel();
  co_return Result<void>();
}

/// In stream mode it settles what an earlier batch mode had left behind; there is nothing to do else.
asio::awaitable<void> Settler::settle_batches() {
  Nanoseconds next = monotonic_now();
  while (!stopping_) {
    const Settlement now = settlement();
    if (monotonic_now() >= next || now.stream) {
      const std::string batch = "batch-" + std::to_string(wall_now_ms());
      std::int64_t found = kAtOnce;
      while (!stopping_ && found == kAtOnce) found = co_await settle_some(batch);
      next = monotonic_now() + std::chrono::seconds(now.batch_seconds);
    }
    timer_.expires_after(now.stream ? std::chrono::seconds(5) : std::chrono::duration_cast<Nanoseconds>(kLookEvery));
    co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
  }
}

asio::awaitable<std::int64_t> Settler::settle_some(std::string batch) {
  std::int64_t found = 0;
  std::vector<Envelope> told;
  Work work = [&](Connection& connection) -> Result<void> {
    told.clear();
    auto settled = settle_due(connection, batch, kAtOnce, [&](Envelope event) -> Result<void> {
      event.traceparent = continue_trace("");
      if (auto appended = outbox_.append(connection, event); !appended) return appended;
      told.push_back(std::move(event));
      return {};
    });
    if (!settled) return settled.error();
    found = *settled;
    return {};
  };
  std::function<void()> committed = [&] {
    for (const Envelope& event : told) outbox_.committed(event);
  };
  if (auto outcome = co_await commit(database_.store(), std::move(work), std::move(committed), Urgency::background);
      !outcome) {
    log::warn("a batch does not settle yet", {{"why", outcome.error().message}});
    co_return 0;
  }
  settled_.add(static_cast<std::uint64_t>(found));
  co_return found;
}

asio::awaitable<void> Settler::stop() {
  stopping_ = true;
  while (running_) {
    timer_.cancel();
    asio::steady_timer wait(runtime_.context(), std::chrono::milliseconds(2));
    co_await wait.async_wait(asio::as_tuple(asio::use_awaitable));
  }
}

}  // namespace tidegate::platform
