#include "platform/gateway/gateway.hpp"

#include "base/log.hpp"
#include "base/thread_affinity.hpp"
#include "platform/events/payment_events.hpp"
#include "platform/events/topics.hpp"
#include "platform/gateway/modern_path.hpp"
#include "platform/gateway/payment_reports.hpp"
#include "platform/gateway/routes/routes.hpp"
#include "platform/gateway/schema.hpp"
#include "platform/gateway/settings.hpp"
#include "platform/gateway/settings_table.hpp"
#include "platform/gateway/sweeper.hpp"
#include "platform/inbox/inbox.hpp"
#include "platform/outbox/pruner.hpp"

namespace tidegate::platform {
namespace {

constexpr Nanoseconds kRelayStopLimit = std::chrono::seconds(1);
constexpr std::size_t kCachedAnswers = 100'000;

/// Of the reports of one service, for one shard. The ledger is split as the gateway is: each shard has its own. Of the
/// others every shard reads all and takes those on its own payments.
InboxOptions reports_inbox(const std::string& service, int shard) {
  InboxOptions options;
  options.group = shard == 0 ? "gateway" : "gateway-" + std::to_string(shard);
  options.topic = service;
  options.producer_peer = service + ".http";
  options.producer = service + "-" + std::to_string(service == kLedgerTopic ? shard : 0);
  return options;
}

std::vector<std::unique_ptr<Authenticator>> ways_to_authenticate(const TenantDirectory& tenants) {
  std::vector<std::unique_ptr<Authenticator>> ways;
  ways.push_back(make_api_key_authenticator(tenants));
  return ways;
}

/// A shard and what works on it beside the clients' requests.
struct ShardWork {
  Shard* shard = nullptr;
  std::unique_ptr<PaymentReports> reports;
  std::vector<std::unique_ptr<Inbox>> inboxes;
  std::unique_ptr<Sweeper> sweeper;
  std::unique_ptr<OutboxPruner> pruner;
};

/// A merchant's shard follows from their number: with another one its keys would be looked for in the wrong database,
/// and a repeat would be a second payment.
Result<void> check_shards(Store& store, Connection& reader, int shards) {
  auto known = read_setting(reader, "shards");
  if (!known) return known.error();
  auto used = last_payment_sequence(reader);
  if (!used) return used.error();
  const std::int64_t before = *known && (*known)->is_int64() ? (*known)->get_int64() : *used > 0 ? 1 : shards;
  if (before != shards) {
    return usage_error("--shards is " + std::to_string(shards) + ", but the payments in " + store.id() +
                       " were split over " + std::to_string(before));
  }
  if (*known) return {};
  return store.run([shards](Connection& connection) { return write_setting(connection, "shards", shards, 0); });
}

}  // namespace

struct Gateway::State {
  State(ServiceRuntime& runtime_in, std::shared_ptr<EventBus> bus_in)
      : runtime(runtime_in),
        bus(std::move(bus_in)),
        authenticator(make_any_authenticator(ways_to_authenticate(tenants))),
        cache(make_process_cache(kCachedAnswers)),
        clients(runtime.context().get_executor(), runtime.peers()),
        reads(clients, runtime.metrics(), runtime.options().operator_token) {}

  Result<void> open_shards();
  Result<void> open_shard(int number);
  Result<void> build(const PathComposer& compose);
  void add_work(Shard& shard);
  void add_routes();
  void add_metrics();
  void add_hooks();
  void start();
  void place_threads();
  void close();

  ServiceRuntime& runtime;
  std::shared_ptr<EventBus> bus;
  TenantDirectory tenants;
  std::unique_ptr<Authenticator> authenticator;
  std::unique_ptr<Cache> cache;
  FeatureFlags flags;
  RateLimiter limits;
  Capacity capacity;
  RoutingRules rules = RoutingRules::defaults();
  PeerClients clients;
  ReadSide reads;
  Shards shards;
  std::vector<ShardWork> work;
  std::unique_ptr<PaymentPath> path;
  std::unique_ptr<StatusAnswers> statuses;
  std::unique_ptr<GatewayContext> context;
};

Result<void> Gateway::State::open_shards() {
  for (int number = 0; number < runtime.options().shards; ++number) {
    if (auto opened = open_shard(number); !opened) return opened;
  }
  return tenants.load(*shards.first().reader);
}

Result<void> Gateway::State::open_shard(int number) {
  auto store =
      open_sqlite_store(runtime.options().data_directory, "gateway-" + std::to_string(number), gateway_migrations());
  if (!store) return store.error();
  auto reader = (*store)->reader();
  if (!reader) return reader.error();
  auto shard = std::make_unique<Shard>(number, runtime.context().get_executor(), std::move(*store), std::move(*reader),
                                       std::string(kPaymentsTopic), compose_partitioner(runtime.options()));
  if (number == 0) {
    if (auto same = check_shards(*shard->store, *shard->reader, runtime.options().shards); !same) return same;
  }
  if (auto opened = shard->outbox.open(); !opened) return opened;
  auto last = last_payment_sequence(*shard->reader);
  if (!last) return last.error();
  shard->sequence.resume_after(*last);
  if (auto loaded = shard->keys.load(*shard->reader); !loaded) return loaded;
  KeyedRequests::Parts parts{
      runtime.context().get_executor(), shard->after_commits, *shard->store, shard->keys, *cache, runtime.metrics()};
  parts.expiry = runtime.options().key_expiry;
  parts.cache_on = [this] { return flags.on(flag::idempotency_cache); };
  parts.capacity = &capacity;
  shard->keyed = std::make_unique<KeyedRequests>(std::move(parts));
  shards.add(std::move(shard));
  return {};
}

Result<void> Gateway::State::build(const PathComposer& compose) {
  path = compose(PathParts{runtime, shards, tenants}, std::make_unique<ModernPath>(shards));
  statuses = compose_answers(runtime);
  context = std::make_unique<GatewayContext>(GatewayContext{runtime, shards, tenants, *authenticator, *cache, flags,
                                                            limits, capacity, rules, *path, clients, reads, *statuses});
  if (auto loaded = load_settings(*shards.first().reader, *context); !loaded) return loaded;
  for (const auto& shard : shards) add_work(*shard);
  add_routes();
  add_metrics();
  add_hooks();
  return {};
}

void Gateway::State::add_work(Shard& shard) {
  ShardWork added;
  added.shard = &shard;
  added.reports =
      std::make_unique<PaymentReports>(shard.outbox, shard.sequence, runtime.metrics(), [&shard](PaymentChange change) {
        shard.after_commits.push([&shard, change = std::move(change)] { shard.recent.change(change); });
      });
  PaymentReports* reports = added.reports.get();
  for (const std::string& service : runtime.options().reports) {
    added.inboxes.push_back(std::make_unique<Inbox>(
        *shard.store, runtime.peers(), *bus, reports_inbox(service, shard.number),
        [this, reports, &shard](Connection& connection, const Envelope& report) -> Result<void> {
          const auto id = payment_from_name(report.payment);
          const Shard* owner = id ? shards.of_payment(*id) : nullptr;
          if (owner == nullptr) owner = &shards.first();  // nobody's: the first one says so
          if (owner != &shard) return {};
          return reports->apply(connection, report);
        },
        [reports](const Envelope& report) { reports->applied(report); }));
  }
  added.sweeper = std::make_unique<Sweeper>(runtime.context().get_executor(), shard, *reports);
  added.pruner =
      std::make_unique<OutboxPruner>(runtime.context().get_executor(), *shard.store, *shard.reader, shard.outbox,
                                     clients, runtime.metrics(), prune_options(runtime.options()));
  work.push_back(std::move(added));
}

void Gateway::State::add_routes() {
  add_create_payment(*context);
  add_payment_operations(*context);
  add_read_payment(*context);
  add_read_operations(*context);
  add_find_payment(*context);
  add_export_payments(*context);
  add_void_key(*context);
  add_merchants(*context);
  add_api_keys(*context);
  add_settings(*context);
  add_evict_cache(*context);
  add_events(*context);
  add_outbox(*context);
  add_passed_on(*context);
  add_card_tokens(*context);
  add_openapi(*context);
}

void Gateway::State::add_metrics() {
  Metrics& metrics = runtime.metrics();
  for (const ShardWork& done : work) {
    const Shard* shard = done.shard;
    const std::string& id = shard->store->id();
    metrics.gauge("store_write_queue_depth", "Units of work that wait for the writer.", {{"store", id}},
                  [shard] { return static_cast<double>(shard->store->queue_depth()); });
    metrics.gauge("outbox_depth", "Committed events not yet handed to the bus.",
                  {{"topic", shard->outbox.topic()}, {"store", id}},
                  [shard] { return static_cast<double>(shard->outbox.depth()); });
    metrics.gauge("long_polls_waiting", "Reads that wait for a payment's next state.", {{"store", id}},
                  [shard] { return static_cast<double>(shard->recent.watchers()); });
    for (const auto& inbox : done.inboxes) inbox->export_to(metrics);
  }
}

void Gateway::State::add_hooks() {
  for (const ShardWork& added : work) {
    const std::string& id = added.shard->store->id();
    runtime.add_readiness("relay of " + id, [outbox = &added.shard->outbox] { return outbox->relay_running(); });
    for (const auto& inbox : added.inboxes) {
      runtime.add_readiness("inbox of " + id, [at = inbox.get()] { return at->connected(); });
    }
  }
  runtime.on_start([this] { start(); });
  runtime.on_stop([this] {
    context->stopping = true;
    for (const auto& shard : shards) shard->recent.wake_watchers();
    for (const ShardWork& ended : work) {
      ended.sweeper->stop();
      ended.pruner->stop();
    }
  });
  runtime.on_drain([this]() -> asio::awaitable<void> {
    clients.stop();
    return path->stop();
  });
  runtime.on_close([this] { close(); });
}

void Gateway::State::start() {
  for (const ShardWork& begun : work) {
    if (auto started = begun.shard->outbox.start_relay(*bus); !started) {
      log::error("the relay did not start", {{"why", started.error().message}});
    }
    for (const auto& inbox : begun.inboxes) {
      if (auto started = inbox->start(); !started) {
        log::error("the inbox did not start", {{"why", started.error().message}});
      }
    }
    begun.sweeper->start();
    begun.pruner->start();
  }
  if (runtime.options().thread_affinity) place_threads();
}

/// The last step of a start: threads that the loop starts are kept where it is.
void Gateway::State::place_threads() {
  const auto report = [](const Result<void>& kept) {
    if (!kept) log::warn("--thread-affinity", {{"why", kept.error().message}});
  };
  const std::vector<int> processors = usable_processors();
  if (processors.size() < 2) return report(machine_error("there is one processor; threads stay as they are"));
  const std::size_t others = processors.size() - 1;
  for (const auto& shard : shards) {
    const int processor = processors[1 + static_cast<std::size_t>(shard->number) % others];
    shard->store->submit([processor](Connection&) { return keep_on_processor(processor); }, report);
  }
  report(keep_on_processor(processors.front()));
}

void Gateway::State::close() {
  for (const ShardWork& ended : work) {
    for (const auto& inbox : ended.inboxes) inbox->request_stop();
  }
  for (const ShardWork& ended : work) {
    for (const auto& inbox : ended.inboxes) inbox->stop();
  }
  for (const ShardWork& ended : work) {
    ended.shard->outbox.stop_relay(kRelayStopLimit);
    ended.shard->store->stop();
  }
}

Gateway::Gateway(std::unique_ptr<State> state) : state_(std::move(state)) {}
Gateway::~Gateway() = default;

Result<std::unique_ptr<Gateway>> Gateway::open(ServiceRuntime& runtime, std::shared_ptr<EventBus> bus,
                                               const PathComposer& compose) {
  auto state = std::make_unique<State>(runtime, std::move(bus));
  if (auto opened = state->open_shards(); !opened) return opened.error();
  if (auto built = state->build(compose); !built) return built.error();
  return std::unique_ptr<Gateway>(new Gateway(std::move(state)));
}

}  // namespace tidegate::platform
