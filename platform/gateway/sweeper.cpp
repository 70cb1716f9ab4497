#include "platform/gateway/sweeper.hpp"

#include "base/log.hpp"
#include "base/time.hpp"
#include "platform/service/wall_clock.hpp"

namespace tidegate::platform {
namespace {

constexpr std::int64_t kLapsesAtOnce = 100;
constexpr std::int64_t kKeysAtOnce = 800;  // 8,000 keys a second: more than are ever made

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
  forget_keys(now_ms);
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
                         });
  }
}

void Sweeper::forget_keys(std::int64_t now_ms) {
  const std::int64_t oldest_ms = shard_.keyed->oldest_ms(now_ms);
  shard_.store->submit(
      [position = position_, oldest_ms](Connection& connection) -> Result<void> {
        auto deleted = delete_lapsed_keys(connection, *position, kKeysAtOnce, oldest_ms);
        if (!deleted) return deleted.error();
        return {};
      },
      {});
}

}  // namespace tidegate::platform
