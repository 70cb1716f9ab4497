#include "platform/gateway/sweeper.hpp"

#include "base/log.hpp"
#include "base/time.hpp"
#include "platform/service/wall_clock.hpp"

namespace tidegate::platform {
namespace {

constexpr std::int64_t kLapsesAtOnce = 100;

}  // namespace

Sweeper::Sweeper(asio::any_io_executor loop, Shard& shard, PaymentReports& reports)
    : shard_(shard), reports_(reports), timer_(std::move(loop)) {}

void Sweeper::start() {
  asio::co_spawn(timer_.get_executor(), run(), asio::detached);
}

void Sweeper::stop() {
  stopping_ = true;
  timer_.cancel();
}

asio::awaitable<void> Sweeper::run() {
  while (!stopping_) {
    timer_.expires_after(kEvery);
    co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
    if (stopping_) co_return;
    sweep(lapse_now_ms());
  }
}

void Sweeper::sweep(std::int64_t now_ms) {
  lapse_authorizations(now_ms);
  tidy_keys(now_ms);
}

void Sweeper::lapse_authorizations(std::int64_t now_ms) {
  const auto lapsed = lapsed_payments(*shard_.reader, now_ms, kLapsesAtOnce);
  if (!lapsed) {
    log::warn("lapsed authorizations cannot be read", {{"why", lapsed.error().message}});
    return;
  }
  for (const std::int64_t payment : *lapsed) {
    const std::string name = "expiry " + payment_name(payment);
    shard_.store->submit([this, payment, now_ms,
                          name](Connection& connection) { return reports_.expire(connection, payment, now_ms, name); },
                         [this, name](Result<void> done) {
                           if (done) reports_.expired(name);  // else the next round tries again
                         },
                         Urgency::background);
  }
}

void Sweeper::tidy_keys(std::int64_t now_ms) {
  if (tidying_->exchange(true)) return;  // the store is slow: the last step is still on its way
  const std::int64_t oldest_ms = shard_.keyed->oldest_ms(now_ms);
  IdempotencyKeys& keys = shard_.keys;
  shard_.store->submit([&keys, oldest_ms](Connection& connection) { return keys.tidy(connection, oldest_ms); },
                       [&keys, tidying = tidying_](Result<void> done) {
                         if (done) keys.tidied();  // else the next round tries again
                         tidying->store(false);
                       },
                       Urgency::background);
}

}  // namespace tidegate::platform
