#include "platform/gateway/gateway.hpp"

#include "base/log.hpp"
#include "platform/events/payment_events.hpp"
#include "platform/gateway/acquirer_results.hpp"
#include "platform/gateway/modern_path.hpp"
#include "platform/gateway/routes/routes.hpp"
#include "platform/gateway/schema.hpp"
#include "platform/inbox/inbox.hpp"

namespace tidegate::platform {
namespace {

constexpr Nanoseconds kRelayStopLimit = std::chrono::seconds(1);

InboxOptions results_inbox() {
  InboxOptions options;
  options.group = "gateway";
  options.topic = kAcquiringTopic;
  options.producer_peer = "acquiring.http";
  options.producer = "acquiring-0";
  return options;
}

}  // namespace

struct Gateway::State {
  State(ServiceRuntime& runtime_in, std::unique_ptr<Store> store_in, std::unique_ptr<Connection> reader_in,
        std::shared_ptr<EventBus> bus_in)
      : runtime(runtime_in),
        bus(std::move(bus_in)),
        store(std::move(store_in)),
        reader(std::move(reader_in)),
        outbox(*store, std::string(kPaymentsTopic)),
        results(outbox, sequence, runtime.metrics(), [this](const PaymentChange& change) {
          asio::post(runtime.context(), [this, change] { recent.change(change); });
        }) {}

  Result<void> load();
  void build(const PathComposer& compose);
  void add_routes();
  void add_metrics();
  void add_hooks();
  void start();

  ServiceRuntime& runtime;
  std::shared_ptr<EventBus> bus;
  std::unique_ptr<Store> store;
  std::unique_ptr<Connection> reader;  // of the loop
  CommitSequence sequence;
  TenantDirectory tenants;
  RecentPayments recent;
  Outbox outbox;
  AcquirerResults results;
  std::unique_ptr<PaymentPath> path;
  std::unique_ptr<GatewayContext> context;
  std::unique_ptr<Inbox> inbox;
};

Result<void> Gateway::State::load() {
  if (auto opened = outbox.open(); !opened) return opened;
  auto last = last_payment_sequence(*reader);
  if (!last) return last.error();
  sequence.resume_after(*last);
  return tenants.load(*reader);
}

void Gateway::State::build(const PathComposer& compose) {
  path = compose(runtime, std::make_unique<ModernPath>(ModernPath::Parts{runtime.context().get_executor(), *store,
                                                                         outbox, sequence, recent, runtime.metrics()}));
  context = std::make_unique<GatewayContext>(GatewayContext{*store, *reader, outbox, tenants, recent, sequence, *path});
  inbox = std::make_unique<Inbox>(
      *store, runtime.peers(), *bus, results_inbox(),
      [this](Connection& connection, const Envelope& report) { return results.apply(connection, report); },
      [this](const Envelope& report) { results.applied(report); });
  add_routes();
  add_metrics();
  add_hooks();
}

void Gateway::State::add_routes() {
  add_create_payment(runtime, *context);
  add_read_payment(runtime, *context);
  add_find_payment(runtime, *context);
  add_export_payments(runtime, *context);
  add_merchants(runtime, *context);
  add_api_keys(runtime, *context);
  add_outbox(runtime, *context);
}

void Gateway::State::add_metrics() {
  Metrics& metrics = runtime.metrics();
  metrics.gauge("store_write_queue_depth", "Units of work that wait for the writer.", {},
                [this] { return static_cast<double>(store->queue_depth()); });
  metrics.gauge("outbox_depth", "Committed events not yet handed to the bus.", {{"topic", outbox.topic()}},
                [this] { return static_cast<double>(outbox.depth()); });
  inbox->export_to(metrics);
}

void Gateway::State::add_hooks() {
  runtime.add_readiness("relay", [this] { return outbox.relay_running(); });
  runtime.add_readiness("inbox", [this] { return inbox->connected(); });
  runtime.on_start([this] { start(); });
  runtime.on_drain([this]() -> asio::awaitable<void> { return path->stop(); });
  runtime.on_close([this] {
    inbox->stop();
    outbox.stop_relay(kRelayStopLimit);
    store->stop();
  });
}

void Gateway::State::start() {
  if (auto started = outbox.start_relay(*bus); !started) {
    log::error("the relay did not start", {{"why", started.error().message}});
  }
  if (auto started = inbox->start(); !started) {
    log::error("the inbox did not start", {{"why", started.error().message}});
  }
}

Gateway::Gateway(std::unique_ptr<State> state) : state_(std::move(state)) {}
Gateway::~Gateway() = default;

Result<std::unique_ptr<Gateway>> Gateway::open(ServiceRuntime& runtime, std::shared_ptr<EventBus> bus,
                                               const PathComposer& compose) {
  auto store = open_sqlite_store(runtime.options().data_directory, "gateway-0", gateway_migrations());
  if (!store) return store.error();
  auto reader = (*store)->reader();
  if (!reader) return reader.error();
  auto state = std::make_unique<State>(runtime, std::move(*store), std::move(*reader), std::move(bus));
  if (auto loaded = state->load(); !loaded) return loaded.error();
  state->build(compose);
  return std::unique_ptr<Gateway>(new Gateway(std::move(state)));
}

}  // namespace tidegate::platform
