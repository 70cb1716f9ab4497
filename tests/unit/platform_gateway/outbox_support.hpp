#pragma once
// A store with an outbox, and buses that behave as told.

#include <atomic>
#include <functional>
#include <map>
#include <mutex>

#include "platform/bus/event_bus.hpp"
#include "platform/outbox/outbox.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/platform_gateway/waiting.hpp"

namespace tidegate::platform::test {

struct OutboxStore {
  explicit OutboxStore(const std::string& directory) {
    auto opened = open_sqlite_store(directory, "gateway-0", outbox_migrations());
    REQUIRE(opened.ok());
    store = std::move(*opened);
    outbox = std::make_unique<Outbox>(*store, "payments");
    REQUIRE(outbox->open().ok());
  }

  /// Commits one event for the payment, or rolls it back; the event as it was numbered.
  Envelope append(const std::string& payment, bool roll_back = false) {
    Envelope event;
    event.type = "payment_created";
    event.payment = payment;
    event.tenant = "mer_000001";
    event.data = {{"amount", 1}};
    const auto done = store->run([&](Connection& connection) -> Result<void> {
      if (auto appended = outbox->append(connection, event); !appended) return appended;
      if (roll_back) return usage_error("rolled back");
      return {};
    });
    REQUIRE(done.ok() == !roll_back);
    if (!roll_back) outbox->committed(event);
    return event;
  }

  json::object get(const std::string& rest, const std::string& query, int status = 200) {
    auto reader = store->reader();
    REQUIRE(reader.ok());
    http::Request request;
    request.query = query;
    const http::Response response = outbox->serve(rest, request, **reader);
    INFO(response.body);
    REQUIRE(response.status == status);
    auto parsed = parse_json(response.body);
    REQUIRE(parsed.ok());
    return parsed->as_object();
  }

  std::unique_ptr<Store> store;
  std::unique_ptr<Outbox> outbox;
};

/// The bus that a test watches: what was published, in order, per partition; it fails when told to.
class WatchedBus final : public EventBus {
 public:
  struct State {
    std::mutex mutex;
    std::map<int, std::vector<std::int64_t>> sequences;  // per partition, in the order of publishing
    std::map<int, std::vector<BusRecord>> records;
    std::size_t published = 0;
    int producers = 0;
    std::atomic<int> generation{1};
    std::atomic<bool> has_broker{true}, accepts{true}, acknowledges{true};
    std::atomic<int> refusals{0};
  };

  Result<std::unique_ptr<EventProducer>> make_producer(const std::string&) override;
  Result<std::unique_ptr<EventConsumer>> make_consumer(const std::string&, const std::string&, int, int) override {
    return closed_error("nobody reads here");
  }
  int generation() override { return state->generation; }

  std::size_t published() const {
    const std::lock_guard lock(state->mutex);
    return state->published;
  }
  int producers() const {
    const std::lock_guard lock(state->mutex);
    return state->producers;
  }
  std::map<int, std::vector<std::int64_t>> sequences() const {
    const std::lock_guard lock(state->mutex);
    return state->sequences;
  }

  std::shared_ptr<State> state = std::make_shared<State>();
};

/// Whether each partition's numbers begin at 1 and never leave one out: repeats are legal, holes are not.
bool without_holes(const std::map<int, std::vector<std::int64_t>>& sequences);

}  // namespace tidegate::platform::test
