// GET /v1/payments/{id}: from memory for recent payments, else from the read model, and from the store when that does
// not know it or lags. A payment of another merchant does not exist. With ?wait=30s the answer comes once nobody is at
// work on the payment any more, or when the time is over; the writer answers then, since only it can tell.

#include "base/units.hpp"
#include "platform/gateway/payment_table.hpp"
#include "platform/gateway/problems.hpp"
#include "platform/gateway/routes/routes.hpp"

namespace tidegate::platform {
namespace {

constexpr std::int64_t kStalenessMs = 0;  // the state's only writer answers, after the commit
constexpr Nanoseconds kLongestWait = std::chrono::seconds(30);
constexpr std::size_t kMostWaiting = 10'000;  // beyond it: answered at once

/// Nothing: it is no duration from 0 to the longest.
std::optional<Nanoseconds> wait_of(const http::Request& request) {
  const auto text = request.query_parameter("wait");
  if (!text) return Nanoseconds{0};
  const auto wait = parse_duration(*text);
  if (!wait || *wait < Nanoseconds{0} || *wait > kLongestWait) return std::nullopt;
  return *wait;
}

const Payment* find_recent(const GatewayContext& context, const Shard& shard, TenantScope scope, std::int64_t id) {
  return context.flags.on(flag::recent_payments) ? shard.recent.find(scope, id) : nullptr;
}

Result<std::optional<Payment>> look_up(const GatewayContext& context, Shard& shard, TenantScope scope,
                                       std::int64_t id) {
  if (const Payment* recent = find_recent(context, shard, scope, id)) return std::optional<Payment>(*recent);
  return find_payment(*shard.reader, scope, id);
}

/// Wakes a timer at the payment's next change, for as long as it lives.
class Watch {
 public:
  Watch(RecentPayments& recent, std::int64_t payment, asio::steady_timer& timer)
      : recent_(recent), payment_(payment), name_(recent.watch(payment, [&timer] { timer.cancel(); })) {}
  ~Watch() { recent_.stop_watching(payment_, name_); }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

 private:
  RecentPayments& recent_;
  const std::int64_t payment_;
  const std::uint64_t name_;
};

asio::awaitable<void> wait_for_change(Shard& shard, std::int64_t id, Nanoseconds limit) {
  asio::steady_timer timer(co_await asio::this_coro::executor, limit);
  const Watch watch(shard.recent, id, timer);
  co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
}

asio::awaitable<http::Response> read_payment(GatewayContext& context, Principal principal, const http::Request& request,
                                             std::string_view name) {
  const auto wait = wait_of(request);
  if (!wait) co_return malformed("wait is a duration from 0s to 30s");
  const auto id = payment_from_name(name);
  Shard* shard = id ? context.shards.of_payment(*id) : nullptr;
  if (shard == nullptr) co_return payment_not_found();
  const TenantScope scope{principal.merchant};
  if (*wait == Nanoseconds{0} && context.flags.on(flag::read_model) && !find_recent(context, *shard, scope, *id)) {
    std::string merchant = merchant_name(principal.merchant);
    std::string payment = payment_name(*id);
    auto copy = co_await context.reads.payment(std::move(merchant), std::move(payment));
    if (copy) co_return std::move(*copy);
  }
  const Nanoseconds deadline = monotonic_now() + *wait;
  for (;;) {
    const auto payment = look_up(context, *shard, scope, *id);
    if (!payment) co_return store_unavailable();
    if (!*payment) co_return payment_not_found();
    const Nanoseconds left = deadline - monotonic_now();
    const bool waits = left > Nanoseconds{0} && is_transient((*payment)->state) && !context.stopping &&
                       context.flags.on(flag::long_poll) && shard->recent.watchers() < kMostWaiting;
    if (!waits) {
      http::Response response;
      response.body = status_json(**payment, kStalenessMs);
      co_return response;
    }
    co_await wait_for_change(*shard, *id, left);
  }
}

asio::awaitable<http::Response> show_payment(GatewayContext& context, Principal principal, const http::Request& request,
                                             std::string_view name) {
  http::Response fresh = co_await read_payment(context, principal, request, name);
  if (fresh.status != 200) co_return fresh;
  co_return context.statuses.show(*payment_from_name(name), std::move(fresh));
}

}  // namespace

void add_read_payment(GatewayContext& context) {
  add_tenant_route(context, "GET", "/v1/payments/{id}",
                   [&context](const Principal& principal, const http::Request& request, std::string_view name) {
                     return show_payment(context, principal, request, name);
                   });
}

}  // namespace tidegate::platform
