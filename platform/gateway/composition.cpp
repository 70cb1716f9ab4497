// The one place where the gateway's legacy departures are chosen. Each is a PaymentPath in front of the next, or
// another way to show a state; nothing else knows of them. From the inside out: what writes, what asks others, what
// holds a connection meanwhile, who is let in, and the clients.

#include <atomic>
#include <set>

#include "base/log.hpp"
#include "base/random.hpp"
#include "platform/events/topics.hpp"
#include "platform/gateway/capacity.hpp"
#include "platform/gateway/gateway.hpp"
#include "platform/gateway/problems.hpp"
#include "platform/gateway/rate_limits.hpp"
#include "platform/gateway/shards.hpp"
#include "platform/gateway/tenants.hpp"
#include "platform/legacy/admitted_path.hpp"
#include "platform/legacy/analytics_path.hpp"
#include "platform/legacy/leaking_pool_path.hpp"
#include "platform/legacy/pooled_path.hpp"
#include "platform/legacy/remembered_path.hpp"
#include "platform/legacy/retrying_path.hpp"
#include "platform/legacy/serial_hops_path.hpp"
#include "platform/legacy/slow_deploy.hpp"
#include "platform/legacy/stale_answers.hpp"
#include "platform/legacy/unkeyed_path.hpp"
#include "platform/legacy/write_queue_path.hpp"
#include "platform/service/switches.hpp"

namespace tidegate::platform {
namespace {

/// Switch `random_partition`. Source: PayStream, where 0.02 % of the failures overtook their authorization.
int any_partition(std::string_view) {
  static std::atomic<std::uint64_t> events{0};
  return static_cast<int>(Draws(0, kPartitions, events++).between(0, kPartitions - 1));
}

constexpr std::int64_t kProvisionedWrites = 4'000;
constexpr std::int64_t kWrongRate = 5;
/// After a restart a client finds its session gone, until it has signed in anew.
constexpr Nanoseconds kSignInAgainAfter = std::chrono::seconds(10);

Admission provisioned_writes(double scale) {
  CapacitySettings settings;
  settings.groups[std::string(table_group::payments)].writes_per_second =
      std::max<std::int64_t>(1, static_cast<std::int64_t>(static_cast<double>(kProvisionedWrites) * scale));
  auto capacity = std::make_shared<Capacity>();
  capacity->change(std::move(settings));
  return [capacity](const PaymentCommand&) -> std::optional<http::Response> {
    if (capacity->take(table_group::payments, monotonic_now()).allowed) return std::nullopt;
    return capacity_exceeded();
  };
}

Admission wrong_rate_limit() {
  RateLimitSettings settings;
  settings.tiers["mistaken"] = {kWrongRate, kWrongRate};
  auto limiter = std::make_shared<RateLimiter>();
  limiter->change(std::move(settings));
  return [limiter](const PaymentCommand& command) -> std::optional<http::Response> {
    const auto decision = limiter->take(command.merchant, "mistaken", monotonic_now());
    if (decision.allowed) return std::nullopt;
    return too_many_requests(decision);
  };
}

Admission sessions_in_memory(const TenantDirectory& tenants) {
  std::set<std::int64_t> signed_in_before;
  for (const auto& [id, merchant] : tenants.merchants()) signed_in_before.insert(id);
  const Nanoseconds again_at = monotonic_now() + kSignInAgainAfter;
  return [signed_in_before, again_at](const PaymentCommand& command) -> std::optional<http::Response> {
    const bool lost = signed_in_before.contains(command.merchant) && monotonic_now() < again_at;
    if (!lost) return std::nullopt;
    return typed_problem(401, "session-unknown", "This process does not know the session. Sign in again.");
  };
}

}  // namespace

std::unique_ptr<PaymentPath> compose_path(const PathParts& parts, std::unique_ptr<PaymentPath> modern) {
  ServiceRuntime& runtime = parts.runtime;
  const ServiceOptions& options = runtime.options();
  Metrics& metrics = runtime.metrics();
  const auto loop = runtime.context().get_executor();
  const auto on = [&](const char* name) { return is_on(options, name); };
  std::unique_ptr<PaymentPath> path = std::move(modern);
  if (on("no_idempotency")) path = std::make_unique<UnkeyedPath>(std::move(path));
  if (on("cache_only_idempotency")) path = std::make_unique<RememberedPath>(std::move(path));
  if (on("analytics_on_primary")) {
    path = std::make_unique<AnalyticsPath>(std::move(path), runtime.context(), *parts.shards.first().store);
  }
  if (on("sync_writes")) {
    path = std::make_unique<WriteQueuePath>(std::move(path), metrics, scale_of(options, "sync_writes"));
  }
  const auto ask_first = [&](HopPlan plan) {
    path = std::make_unique<SerialHopsPath>(std::move(path), std::move(plan), loop, runtime.peers(), metrics);
  };
  if (on("sync_fraud")) ask_first(paystream_fraud());
  if (on("serial_hops")) ask_first(finpulse_hops());
  if (on("pool_35")) {
    const auto connections = static_cast<double>(kLegacyConnections) * scale_of(options, "pool_35");
    path = std::make_unique<PooledPath>(std::move(path), metrics, static_cast<std::size_t>(std::max(1.0, connections)));
  }
  if (on("shared_pool_leak")) path = std::make_unique<LeakingPoolPath>(std::move(path), runtime.context(), metrics);
  const auto admit = [&](Admission admission) {
    path = std::make_unique<AdmittedPath>(std::move(path), std::move(admission));
  };
  if (on("store_throttle_4000")) admit(provisioned_writes(scale_of(options, "store_throttle_4000")));
  if (on("wrong_rate_limit")) admit(wrong_rate_limit());
  if (on("memory_sessions")) admit(sessions_in_memory(parts.tenants));
  if (on("client_retry_storm")) path = std::make_unique<RetryingPath>(std::move(path), metrics);
  return path;
}

std::unique_ptr<StatusAnswers> compose_answers(ServiceRuntime& runtime) {
  if (is_on(runtime.options(), "local_cache_5m")) return std::make_unique<PrivateCaches>(runtime.metrics());
  if (is_on(runtime.options(), "stale_replica_15s")) return std::make_unique<StaleReplica>();
  return std::make_unique<FreshAnswers>();
}

Outbox::Partitioner compose_partitioner(const ServiceOptions& options) {
  return is_on(options, "random_partition") ? any_partition : partition_of;
}

int run_gateway(const ServiceOptions& options) {
  if (is_on(options, "deploy_restart_all")) wait_for_deploy(options.data_directory);
  ServiceRuntime runtime(options);
  auto gateway = Gateway::open(runtime, make_peer_bus(runtime.peers()), compose_path);
  if (!gateway) {
    log::error("the gateway cannot start", {{"why", gateway.error().message}});
    return 1;
  }
  return runtime.run();
}

}  // namespace tidegate::platform
