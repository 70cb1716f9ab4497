#include <algorithm>
#include <map>
#include <set>

#include "platform/notification/deliveries.hpp"
#include "platform/notification/message.hpp"
#include "platform/notification/queue.hpp"
#include "platform/notification/signature.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/platform_workers/support.hpp"

using namespace tidegate;
using namespace tidegate::platform;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_CASE("a webhook's signature is that of the Standard Webhooks specification") {
  // The specification's own example.
  const std::string secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  const std::string body = R"({"test": 2432232314})";
  const auto signature = sign_webhook(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body);
  REQUIRE(signature.ok());
  CHECK(*signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  const auto verify = [&](std::string_view id, std::string_view text, std::string_view signatures, std::int64_t now) {
    return verify_webhook(secret, id, 1614265330, text, signatures, now);
  };
  const std::string id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
  CHECK(verify(id, body, *signature, 1614265330));
  CHECK(verify(id, body, "v1,AAAA " + *signature, 1614265330 + 300));
  CHECK_FALSE(verify(id, body, *signature, 1614265330 + 301));  // too old to be believed
  CHECK_FALSE(verify(id, body + " ", *signature, 1614265330));
  CHECK_FALSE(verify("msg_other", body, *signature, 1614265330));
  CHECK_FALSE(verify(id, body, "", 1614265330));
  for (const char* wrong : {"", "whsec_", "whsec_!!!!", "secret", "whsec_abc"}) {
    INFO(wrong);
    CHECK_FALSE(sign_webhook(wrong, id, 1, body).ok());
  }
  CHECK(sign_webhook(new_webhook_secret(), id, 1, body).ok());
  CHECK(new_webhook_secret() != new_webhook_secret());
}

TEST_CASE("the urgent go before the promotional, and nobody starves") {
  DeliveryQueue queue;
  std::int64_t id = 0;
  for (int i = 0; i < 900; ++i) {
    for (const Priority priority : {Priority::urgent, Priority::normal, Priority::promotional}) {
      queue.add({++id, "endpoint-" + std::to_string(id), priority}, seconds(0));
    }
  }
  std::map<Priority, int> taken;
  for (int i = 0; i < 90; ++i) taken[queue.take(seconds(1))->priority] += 1;
  CHECK(taken == std::map<Priority, int>{{Priority::urgent, 60}, {Priority::normal, 20}, {Priority::promotional, 10}});
}

TEST_CASE("a lane without due work passes its turn on") {
  DeliveryQueue queue;
  for (std::int64_t id = 1; id <= 5; ++id) queue.add({id, "e" + std::to_string(id), Priority::promotional}, seconds(0));
  queue.add({6, "e6", Priority::urgent}, seconds(60));
  for (int i = 0; i < 5; ++i) CHECK(queue.take(seconds(1))->priority == Priority::promotional);
  CHECK_FALSE(queue.take(seconds(1)).has_value());
  CHECK(queue.next_due() == Nanoseconds(seconds(60)));
  CHECK(queue.take(seconds(60))->delivery == 6);
}

TEST_CASE("by time, the urgent wait behind what was there before") {
  DeliveryQueue queue(DeliveryQueue::Order::by_time);
  for (std::int64_t id = 1; id <= 5; ++id)
    queue.add({id, "e" + std::to_string(id), Priority::promotional}, seconds(id));
  queue.add({6, "e6", Priority::urgent}, seconds(4));
  queue.add({7, "e7", Priority::normal}, seconds(60));
  CHECK(queue.oldest(Priority::urgent) == Nanoseconds(seconds(4)));
  CHECK(queue.oldest(Priority::promotional) == Nanoseconds(seconds(1)));
  std::vector<std::int64_t> taken;
  while (const auto item = queue.take(seconds(9))) taken.push_back(item->delivery);
  CHECK(taken == std::vector<std::int64_t>{1, 2, 3, 6, 4, 5});
  CHECK(queue.oldest(Priority::urgent) == std::nullopt);
  CHECK(queue.next_due() == Nanoseconds(seconds(60)));
  // An endpoint that has enough in flight is passed over, also by time.
  for (std::int64_t id = 10; id < 30; ++id) queue.add({id, "slow", Priority::promotional}, seconds(10));
  queue.add({30, "quick", Priority::urgent}, seconds(11));
  std::int64_t last = 0;
  for (std::size_t i = 0; i <= DeliveryQueue::kMostPerEndpoint; ++i) last = queue.take(seconds(12))->delivery;
  CHECK(last == 30);
}

TEST_CASE("a slow endpoint does not hold the others up") {
  DeliveryQueue queue;
  for (std::int64_t id = 1; id <= 50; ++id) queue.add({id, "slow", Priority::urgent}, seconds(0));
  queue.add({51, "quick", Priority::urgent}, seconds(1));
  std::vector<DeliveryQueue::Item> items;
  while (auto item = queue.take(seconds(2))) items.push_back(*item);
  CHECK(items.size() == DeliveryQueue::kMostPerEndpoint + 1);
  CHECK(items.back().endpoint == "quick");
  queue.finished(items.front());
  CHECK(queue.take(seconds(2))->endpoint == "slow");
  CHECK_FALSE(queue.take(seconds(2)).has_value());
}

TEST_CASE("the back-off doubles up to its bound, with jitter that tells deliveries apart") {
  for (std::int64_t failures = 1; failures <= 12; ++failures) {
    const Nanoseconds full =
        std::min<Nanoseconds>(seconds(60), milliseconds(500) * (std::int64_t{1} << (failures - 1)));
    std::set<Nanoseconds> seen;
    for (std::uint64_t delivery = 1; delivery <= 50; ++delivery) {
      const Nanoseconds wait = delivery_back_off(delivery, failures, milliseconds(500), seconds(60));
      CHECK(wait >= full / 2);
      CHECK(wait <= full);
      seen.insert(wait);
    }
    CHECK(seen.size() > 40);
  }
}

namespace {

struct Deliveries {
  ScratchDirectory scratch;
  std::unique_ptr<Store> store;
  Deliveries() {
    auto opened = open_sqlite_store(scratch.path(), "notification-0", delivery_migrations());
    REQUIRE(opened.ok());
    store = std::move(*opened);
  }
  ~Deliveries() { store->stop(); }
  template <typename Task>
  void run(const Task& task) {
    REQUIRE(store
                ->run([&](Connection& connection) -> Result<void> {
                  task(connection);
                  return {};
                })
                .ok());
  }
};

PendingDelivery delivery_of(const std::string& event, const std::string& tenant) {
  PendingDelivery delivery;
  delivery.event = event;
  delivery.endpoint = "whe_1";
  delivery.tenant = tenant;
  delivery.type = "payment.captured";
  delivery.payload = "{}";
  return delivery;
}

}  // namespace

TEST_CASE("an event is told to an endpoint once, and a replay keeps its id") {
  Deliveries deliveries;
  deliveries.run([](Connection& connection) {
    const auto first = insert_delivery(connection, delivery_of("e1", "mer_1"));
    REQUIRE(first.ok());
    REQUIRE(first->has_value());
    CHECK_FALSE(insert_delivery(connection, delivery_of("e1", "mer_1"))->has_value());  // a repeat of the event
    CHECK(insert_delivery(connection, delivery_of("e2", "mer_2"))->has_value());
    CHECK(pending_deliveries(connection)->size() == 2);

    PendingDelivery dead = *std::move(*find_delivery(connection, 1));
    dead.attempts = 8;
    dead.cause = "it answered 500";
    REQUIRE(bury(connection, dead).ok());
    CHECK(*count_dead(connection) == 1);
    CHECK_FALSE(find_delivery(connection, 1)->has_value());
    const auto letters = dead_letters(connection, "mer_1", 0, 10);
    REQUIRE(letters->size() == 1);
    CHECK(letters->front().cause == "it answered 500");
    CHECK(letters->front().attempts == 8);
    CHECK(dead_letters(connection, "mer_2", 0, 10)->empty());

    CHECK(revive(connection, "mer_2", {}, 5)->empty());    // another tenant's
    CHECK(revive(connection, "mer_1", {99}, 5)->empty());  // another letter
    const auto revived = revive(connection, "mer_1", {1}, 5);
    REQUIRE(revived->size() == 1);
    CHECK(revived->front().event == "e1");
    CHECK(revived->front().attempts == 0);
    CHECK(*count_dead(connection) == 0);
    REQUIRE(note_delivered(connection, 1, 1).ok());
    CHECK(revive(connection, "mer_1", {}, 5)->empty());
  });
}

TEST_CASE("tenants are told of what concerns them") {
  CHECK(message_about(make_event(0, 1, "payment_declined"))->priority == Priority::urgent);
  CHECK(message_about(make_event(0, 1, "payment_captured"))->type == "payment.captured");
  const auto payload = parse_json(message_about(make_event(0, 7, "payment_captured"))->payload);
  REQUIRE(payload.ok());
  CHECK(payload->at("id").as_string() == "gateway-0/payments/0/7");
  CHECK(payload->at("data").at("payment").as_string() == "pay_0_7");
  for (const char* own :
       {"payment_created", "capture_requested", "payout_requested", "payout_reserved", "fraud_held"}) {
    INFO(own);
    CHECK_FALSE(message_about(make_event(0, 1, own)).has_value());
  }
}

TEST_CASE("an endpoint says what it wants") {
  Endpoint endpoint;
  CHECK(endpoint.wants("payment.captured"));
  endpoint.types = {"payment.declined"};
  CHECK_FALSE(endpoint.wants("payment.captured"));
  CHECK(endpoint.wants("payment.declined"));
}
