// The role `acquiring`: charges each new payment at the bank and reports the outcome as an event.
//
//   payments (gateway-0) -> inbox: attempt row -> after the commit: bank -> result row + event -> acquiring (topic)
//
//   GET /internal/outbox/...     the gateway's way to close a gap
//   GET /v1/attempts/export      pages, operator only

#include "base/log.hpp"
#include "platform/acquiring/charger.hpp"
#include "platform/events/payment_events.hpp"
#include "platform/inbox/inbox.hpp"
#include "platform/service/pages.hpp"
#include "platform/service/problem.hpp"
#include "platform/service/runtime.hpp"

namespace tidegate::platform {
namespace {

std::vector<Migration> all_migrations() {
  std::vector<Migration> migrations;
  for (const auto part : {outbox_migrations(), inbox_migrations(), attempt_migrations()}) {
    migrations.insert(migrations.end(), part.begin(), part.end());
  }
  return migrations;
}

InboxOptions inbox_options(const ServiceOptions& options) {
  InboxOptions inbox;
  inbox.group = "acquiring";
  inbox.topic = kPaymentsTopic;
  inbox.producer_peer = "gateway.http";
  inbox.producer = "gateway-0";
  inbox.workers = options.workers;
  inbox.worker_index = options.worker_index;
  return inbox;
}

Result<void> note_attempt(Connection& connection, const Envelope& event) {
  if (event.type != event_type::payment_created) return {};
  const auto attempt = Attempt::from_event(event);
  if (!attempt) return attempt.error();
  return insert_attempt(connection, *attempt);
}

http::Response serve_attempts(const http::Request& request, Connection& reader) {
  const auto page = parse_page(request);
  if (!page) return problem(400, page.error().message);
  const auto end = last_attempt(reader);
  if (!end) return problem(503, "The attempts cannot be read at the moment.");
  const std::int64_t as_of = page->as_of.value_or(*end);
  std::int64_t last = as_of;
  auto items = read_attempts(reader, page->after, as_of, page->limit, last);
  if (!items) return problem(503, "The attempts cannot be read at the moment.");
  std::optional<std::int64_t> next;
  if (!items->empty() && last < as_of) next = last;
  return json_response(200, make_page(std::move(*items), next, as_of));
}

/// Everything that the role is made of, put together in one place.
class Acquiring {
 public:
  Acquiring(const ServiceOptions& options, Store& store, Connection& reader)
      : store_(store),
        reader_(reader),
        runtime_(options),
        bus_(make_peer_bus(runtime_.peers())),
        outbox_(store, std::string(kAcquiringTopic)),
        link_(runtime_.context().get_executor(), runtime_.peers(), Charger::kAtOnce),
        charger_(runtime_.context().get_executor(), store, outbox_, link_, runtime_.metrics()),
        inbox_(store, runtime_.peers(), *bus_, inbox_options(options), note_attempt,
               [this](const Envelope& event) { charge_later(event); }) {}

  int run() {
    add_routes();
    add_metrics();
    if (auto started = start(); !started) {
      log::error("acquiring does not start", {{"why", started.error().message}});
      return 1;
    }
    return runtime_.run();
  }

 private:
  Result<void> start() {
    if (auto opened = outbox_.open(); !opened) return opened;
    // Before the inbox starts: what it applies from now on is submitted by its hook.
    auto open = open_attempts(reader_);
    if (!open) return open.error();
    if (!open->empty()) log::info("resuming attempts", {{"count", std::to_string(open->size())}});
    for (Attempt& attempt : *open) charger_.submit(std::move(attempt), true);
    if (auto started = outbox_.start_relay(*bus_); !started) return started;
    runtime_.add_readiness("the consumer of payments", [this] { return inbox_.connected(); });
    runtime_.add_readiness("the relay of results", [this] { return outbox_.relay_running(); });
    runtime_.on_drain([this] { return charger_.stop(std::chrono::milliseconds(400)); });
    runtime_.on_close([this] {
      inbox_.stop();
      outbox_.stop_relay(std::chrono::seconds(1));
      store_.stop();
    });
    return inbox_.start();
  }

  /// On the writer thread, after the attempt's commit.
  void charge_later(const Envelope& event) {
    if (event.type != event_type::payment_created) return;
    auto attempt = Attempt::from_event(event);
    if (!attempt) return;  // it would not have been applied
    asio::post(runtime_.context(),
               [this, attempt = std::move(*attempt)]() mutable { charger_.submit(std::move(attempt), false); });
  }

  void add_routes() {
    runtime_.router().add_immediate(
        "GET", "/internal/outbox/{stream...}",
        [this](const http::Request& request, std::string_view rest) { return outbox_.serve(rest, request, reader_); });
    runtime_.router().add_immediate(
        "GET", "/v1/attempts/export",
        runtime_.operator_only(ImmediateHandler(
            [this](const http::Request& request, std::string_view) { return serve_attempts(request, reader_); })));
  }

  void add_metrics() {
    runtime_.metrics().gauge("store_write_queue_depth", "Units of work that wait for the writer.", {},
                             [this] { return static_cast<double>(store_.queue_depth()); });
    runtime_.metrics().gauge("outbox_depth", "Committed events not yet handed to the bus.",
                             {{"topic", outbox_.topic()}}, [this] { return static_cast<double>(outbox_.depth()); });
    inbox_.export_to(runtime_.metrics());
  }

  Store& store_;
  Connection& reader_;
  ServiceRuntime runtime_;
  std::unique_ptr<EventBus> bus_;
  Outbox outbox_;
  BankLink link_;
  Charger charger_;
  Inbox inbox_;
};

}  // namespace

int run_acquiring(const ServiceOptions& options) {
  const auto migrations = all_migrations();
  const std::string name = "acquiring-" + std::to_string(options.worker_index);
  auto store = open_sqlite_store(options.data_directory, name, migrations);
  if (!store) {
    log::error("acquiring's database does not open", {{"why", store.error().message}});
    return 1;
  }
  auto reader = (*store)->reader();
  if (!reader) {
    log::error("acquiring's database cannot be read", {{"why", reader.error().message}});
    return 1;
  }
  return Acquiring(options, **store, **reader).run();
}

}  // namespace tidegate::platform
