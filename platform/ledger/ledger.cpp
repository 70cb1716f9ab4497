// The role `ledger`: keeps the books from the events of payments.
//
//   GET /v1/ledger/entries   pages, operator only
//   GET /v1/ledger/applied   how far each stream was applied, operator only

#include "base/log.hpp"
#include "platform/events/payment_events.hpp"
#include "platform/inbox/inbox.hpp"
#include "platform/ledger/book.hpp"
#include "platform/service/pages.hpp"
#include "platform/service/problem.hpp"
#include "platform/service/runtime.hpp"

namespace tidegate::platform {
namespace {

std::vector<Migration> all_migrations() {
  std::vector<Migration> migrations(inbox_migrations().begin(), inbox_migrations().end());
  migrations.insert(migrations.end(), ledger_migrations().begin(), ledger_migrations().end());
  return migrations;
}

InboxOptions inbox_options(const ServiceOptions& options) {
  InboxOptions inbox;
  inbox.group = "ledger";
  inbox.topic = kPaymentsTopic;
  inbox.producer_peer = "gateway.http";
  inbox.producer = "gateway-0";
  inbox.workers = options.workers;
  inbox.worker_index = options.worker_index;
  return inbox;
}

http::Response serve_entries(const http::Request& request, Connection& reader) {
  const auto page = parse_page(request);
  if (!page) return problem(400, page.error().message);
  const auto end = last_entry(reader);
  if (!end) return problem(503, "The books cannot be read at the moment.");
  const std::int64_t as_of = page->as_of.value_or(*end);
  std::int64_t last = as_of;
  auto items = read_entries(reader, page->after, as_of, page->limit, last);
  if (!items) return problem(503, "The books cannot be read at the moment.");
  std::optional<std::int64_t> next;
  if (!items->empty() && last < as_of) next = last;
  return json_response(200, make_page(std::move(*items), next, as_of));
}

http::Response serve_applied(Connection& reader) {
  const auto streams = read_applied(reader);
  if (!streams) return problem(503, "The books cannot be read at the moment.");
  json::array items;
  std::int64_t total = 0;
  for (const AppliedStream& stream : *streams) {
    items.push_back(json::object{{"stream", stream.stream}, {"sequence", stream.sequence}});
    total += stream.sequence;
  }
  return json_response(200, make_page(std::move(items), std::nullopt, total));
}

int serve(const ServiceOptions& options, Store& store, Connection& reader) {
  ServiceRuntime runtime(options);
  const std::unique_ptr<EventBus> bus = make_peer_bus(runtime.peers());
  Inbox inbox(store, runtime.peers(), *bus, inbox_options(options), post_event);
  runtime.router().add_immediate(
      "GET", "/v1/ledger/entries",
      runtime.operator_only(ImmediateHandler(
          [&](const http::Request& request, std::string_view) { return serve_entries(request, reader); })));
  runtime.router().add_immediate("GET", "/v1/ledger/applied",
                                 runtime.operator_only(ImmediateHandler(
                                     [&](const http::Request&, std::string_view) { return serve_applied(reader); })));
  runtime.metrics().gauge("store_write_queue_depth", "Units of work that wait for the writer.", {},
                          [&] { return static_cast<double>(store.queue_depth()); });
  inbox.export_to(runtime.metrics());
  runtime.add_readiness("the consumer of payments", [&] { return inbox.connected(); });
  runtime.on_close([&] {
    inbox.stop();
    store.stop();
  });
  if (auto started = inbox.start(); !started) {
    log::error("the inbox does not start", {{"why", started.error().message}});
    return 1;
  }
  return runtime.run();
}

}  // namespace

int run_ledger(const ServiceOptions& options) {
  const auto migrations = all_migrations();
  auto store = open_sqlite_store(options.data_directory, "ledger-" + std::to_string(options.worker_index), migrations);
  if (!store) {
    log::error("the ledger's database does not open", {{"why", store.error().message}});
    return 1;
  }
  auto reader = (*store)->reader();
  if (!reader) {
    log::error("the ledger's database cannot be read", {{"why", reader.error().message}});
    return 1;
  }
  return serve(options, **store, **reader);
}

}  // namespace tidegate::platform
