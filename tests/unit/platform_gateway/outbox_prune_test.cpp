// Events are deleted only below what every consumer has applied, and numbers go on after it.

#include "platform/outbox/pruner.hpp"

#include <filesystem>
#include <set>
#include <thread>

#include "base/file.hpp"
#include "base/http/server.hpp"
#include "tests/unit/platform_gateway/outbox_support.hpp"
#include "tests/unit/platform_gateway/scratch.hpp"

namespace tidegate::platform {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)

/// Consumers that say what they are told to, on the loop of the test.
struct Consumers {
  explicit Consumers(asio::io_context& context)
      : server(context.get_executor(), [this](const http::Request& request) { return answer(request); }) {
    REQUIRE(server.start().ok());
  }
  asio::awaitable<http::Response> answer(const http::Request& request) {
    http::Response response;
    const std::string path(request.path);
    const std::string group = path.substr(14, path.find('/', 14) - 14);
    const auto found = applied.find(group);
    if (found == applied.end() || request.header("authorization") != "Bearer secret") {
      response.status = 503;
      co_return response;
    }
    json::array items;
    for (int partition = 0; partition < kPartitions; ++partition) {
      const std::string stream = StreamId{"gateway-0", "payments", partition}.text();
      items.push_back(json::object{{"stream", stream}, {"sequence", found->second}});
    }
    items.push_back(json::object{{"stream", "acquiring-0/acquiring/0"}, {"sequence", 1'000'000}});
    json::array topics{"acquiring"};
    if (others.count(group) == 0) topics.push_back("payments");
    response.body =
        json::serialize(json::object{{"items", items}, {"next", nullptr}, {"as_of", 1}, {"topics", topics}});
    co_return response;
  }
  std::map<std::string, std::int64_t> applied;
  std::set<std::string> others;  // that read other topics alone
  http::Server server;
};

struct Pruning {
  Pruning() : outbox(scratch.path()), consumers(context), peers(write_peers()), clients(context.get_executor(), peers) {
    auto opened = outbox.store->reader();
    REQUIRE(opened.ok());
    reader = std::move(*opened);
    PruneOptions options;
    options.consumers = {"ledger", "acquiring"};
    options.token = "secret";
    options.keep = std::chrono::hours(1);
    pruner = std::make_unique<OutboxPruner>(context.get_executor(), *outbox.store, *reader, *outbox.outbox, clients,
                                            metrics, options);
    for (int i = 0; i < 10; ++i) outbox.append("pay_1");
  }
  std::string write_peers() {
    const std::string address = "127.0.0.1:" + std::to_string(consumers.server.port());
    const std::string path = scratch / "peers.json";
    REQUIRE(write_file_atomically(path, R"({"generation":1,"peers":{"ledger.http":")" + address +
                                            R"(","acquiring.http":")" + address + "\"}}")
                .ok());
    return path;
  }
  void publish() {
    REQUIRE(outbox.outbox->start_relay(bus).ok());
    wait_until([&] { return outbox.outbox->depth() == 0; });
    outbox.outbox->stop_relay(std::chrono::seconds(1));
  }
  /// The numbers that are left of the payment's stream, after a round at that time.
  std::vector<std::int64_t> left_after(Nanoseconds now) {
    bool done = false;
    asio::co_spawn(
        context,
        [](OutboxPruner& pruner_in, Nanoseconds at, bool& out) -> asio::awaitable<void> {
          co_await pruner_in.prune(at);
          out = true;
        }(*pruner, now, done),
        asio::detached);
    while (!done) context.run_one();
    REQUIRE(outbox.store->run([](Connection&) -> Result<void> { return {}; }).ok());  // what was submitted is done
    const std::string rest = StreamId{"gateway-0", "payments", partition_of("pay_1")}.text();
    std::vector<std::int64_t> left;
    const json::object page = outbox.get(rest, "from=1&limit=1000");
    for (const json::value& event : page.at("events").as_array()) {
      left.push_back(event.at("sequence").as_int64());
    }
    return left;
  }

  const ScratchDirectory scratch;
  asio::io_context context{1};
  OutboxStore outbox;
  Consumers consumers;
  PeerDirectory peers;
  PeerClients clients;
  Metrics metrics;
  WatchedBus bus;
  std::unique_ptr<Connection> reader;
  std::unique_ptr<OutboxPruner> pruner;
};

constexpr Nanoseconds kStart = std::chrono::hours(100);
constexpr Nanoseconds kHour = std::chrono::hours(1);

TEST_CASE("prune: below what all have applied, what is published, and what is old; the last event stays") {
  Pruning pruning;
  pruning.publish();
  pruning.consumers.applied = {{"ledger", 10}, {"acquiring", 4}};
  CHECK(pruning.left_after(kStart).size() == 10);  // nothing is an hour old
  CHECK(pruning.left_after(kStart + kHour).front() == 5);
  pruning.consumers.applied["acquiring"] = 10;
  CHECK(pruning.left_after(kStart + 2 * kHour) == std::vector<std::int64_t>{10});
  CHECK(pruning.left_after(kStart + 3 * kHour) == std::vector<std::int64_t>{10});
  CHECK(pruning.outbox.append("pay_1").sequence == 11);  // numbers go on
}

TEST_CASE("prune: a consumer that does not answer keeps everything") {
  Pruning pruning;
  pruning.publish();
  pruning.consumers.applied = {{"ledger", 10}};
  pruning.left_after(kStart);
  CHECK(pruning.left_after(kStart + kHour).size() == 10);
  CHECK(pruning.metrics.text().find("outbox_prunings_held_up_total{store=\"gateway-0\"} 1") != std::string::npos);
}

TEST_CASE("prune: a consumer of other topics is not waited for") {
  Pruning pruning;
  pruning.publish();
  pruning.consumers.applied = {{"ledger", 10}, {"acquiring", 0}};
  pruning.left_after(kStart);
  CHECK(pruning.left_after(kStart + kHour).size() == 10);
  pruning.consumers.others = {"acquiring"};
  CHECK(pruning.left_after(kStart + 2 * kHour) == std::vector<std::int64_t>{10});
}

TEST_CASE("prune: a round deletes all that it may, in units of work that others can come between") {
  Pruning pruning;
  std::vector<Envelope> events(4490);
  REQUIRE(pruning.outbox.store
              ->run([&](Connection& connection) -> Result<void> {
                for (Envelope& event : events) {
                  event = {};
                  event.type = "payment_created";
                  event.payment = "pay_1";
                  event.tenant = "mer_000001";
                  event.data = {{"amount", 1}};
                  if (auto appended = pruning.outbox.outbox->append(connection, event); !appended) return appended;
                }
                return {};
              })
              .ok());
  for (const Envelope& event : events) pruning.outbox.outbox->committed(event);
  pruning.publish();
  pruning.consumers.applied = {{"ledger", 4500}, {"acquiring", 4300}};
  pruning.left_after(kStart);
  const auto left = pruning.left_after(kStart + kHour);
  CHECK(left.size() == 200);
  CHECK(left.front() == 4301);
  CHECK(pruning.metrics.text().find("outbox_pruned_total{store=\"gateway-0\"} 4300") != std::string::npos);
}

TEST_CASE("prune: what the relay has not published is kept, whoever has applied it") {
  Pruning pruning;
  pruning.consumers.applied = {{"ledger", 10}, {"acquiring", 10}};
  pruning.left_after(kStart);
  CHECK(pruning.left_after(kStart + kHour).size() == 10);
  pruning.publish();  // also: the relay finds everything that it needs
  CHECK(without_holes(pruning.bus.sequences()));
  CHECK(pruning.left_after(kStart + 2 * kHour) == std::vector<std::int64_t>{10});
}

TEST_CASE("prune: an answer that is none is not taken for one") {
  for (const char* bad :
       {"", "[]", "{}", R"({"items":[]})", R"({"topics":["payments"]})", R"({"topics":"payments","items":[]})",
        R"({"topics":["payments"],"items":{}})", R"({"topics":["payments"],"items":[7]})",
        R"({"topics":["payments"],"items":[{"stream":"x","sequence":1}]})",
        R"({"topics":["payments"],"items":[{"stream":"gateway-0/payments/0"}]})",
        R"({"topics":["payments"],"items":[{"stream":"gateway-0/payments/0","sequence":-1}]})",
        R"({"topics":["payments"],"items":[{"stream":"gateway-0/payments/99","sequence":1}]})"}) {
    INFO(bad);
    CHECK_FALSE(read_applied_answer(bad, "gateway-0", "payments").has_value());
  }
  const auto applied = read_applied_answer(
      R"({"topics":["fraud","payments"],)"
      R"("items":[{"stream":"gateway-0/payments/3","sequence":7},{"stream":"gateway-1/payments/4","sequence":9}]})",
      "gateway-0", "payments");
  REQUIRE(applied.has_value());
  const auto of_shards = read_applied_answer(
      R"({"topics":["fraud"],"items":[{"stream":"fraud-0/fraud/3","sequence":5},{"stream":"fraud-0/fraud/3","sequence":9},)"
      R"({"stream":"fraud-0/fraud/4","sequence":9},{"stream":"fraud-0/fraud/4","sequence":5}]})",
      "fraud-0", "fraud");
  REQUIRE(of_shards.has_value());
  CHECK((*of_shards)[3] == 5);
  CHECK((*of_shards)[4] == 5);
  CHECK((*applied)[3] == 7);
  CHECK((*applied)[4] == 0);
}

}  // namespace
}  // namespace tidegate::platform
