#include "platform/read_model/view.hpp"

#include "platform/events/payment_events.hpp"
#include "platform/events/worker_events.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/platform_workers/support.hpp"

using namespace tidegate;
using namespace tidegate::platform;

namespace {

struct View {
  ScratchDirectory scratch;
  std::unique_ptr<Store> store;
  View() {
    auto opened = open_sqlite_store(scratch.path(), "read-model-0", view_migrations());
    REQUIRE(opened.ok());
    store = std::move(*opened);
  }
  ~View() { store->stop(); }

  void apply(const std::string& type, json::object data, const std::string& payment = "p1") {
    Envelope event = make_event(0, ++sequence, type);
    event.payment = payment;
    event.data = std::move(data);
    REQUIRE(store->run([&](Connection& connection) { return project(connection, event); }).ok());
  }
  PaymentView payment(const std::string& merchant = "mrc_1") {
    auto reader = store->reader();
    REQUIRE(reader.ok());
    auto found = find_payment_view(**reader, merchant, "p1");
    REQUIRE(found.ok());
    return found->value_or(PaymentView{});
  }
  std::int64_t sequence = 0;
};

json::object money(std::int64_t amount, std::int64_t total = 0, bool final_capture = false) {
  return PaymentFinished{amount, "EUR", {}, {}, total, final_capture}.to_data();
}

}  // namespace

TEST_CASE("the view follows a payment through captures and refunds") {
  View view;
  CHECK(view.payment().status.empty());
  view.apply("payment_created", PaymentCreated{1000, "EUR", "tok", "key"}.to_data());
  CHECK(view.payment().status == "processing");
  view.apply("payment_authorized", money(1000));
  CHECK(view.payment().status == "authorized");
  view.apply("capture_requested", PaymentCommandData{"p1-c1", 400, "EUR"}.to_data());
  CHECK(view.payment().status == "capture_pending");
  view.apply("payment_captured", money(400));
  CHECK(view.payment().status == "partially_captured");
  view.apply("payment_captured", money(300, 700));
  CHECK(view.payment().captured == 700);
  view.apply("payment_captured", money(100, 800, true));
  CHECK(view.payment().status == "captured");
  view.apply("payment_refunded", money(300));
  CHECK(view.payment().status == "partially_refunded");
  view.apply("payment_refunded", money(500, 800));
  CHECK(view.payment().status == "refunded");
  CHECK(view.payment("mrc_2").status.empty());  // another merchant's
}

TEST_CASE("what ends an operation or the rest of an authorization leaves what the gateway has, too") {
  View view;
  view.apply("payment_created", PaymentCreated{1000, "EUR", "tok", "key"}.to_data());
  PaymentFinished authorized{1000, "EUR"};
  authorized.expires_at_ms = 86'400'000;
  view.apply("payment_authorized", authorized.to_data());
  CHECK(view.payment().expires_at_ms == 86'400'000);
  view.apply("capture_requested", PaymentCommandData{"p1-c1", 400, "EUR"}.to_data());
  PaymentFinished refused{400, "EUR", "limit_exceeded"};
  refused.status = "authorized";
  view.apply("operation_refused", refused.to_data());
  CHECK(view.payment().status == "authorized");
  CHECK(view.payment().reason.empty());  // the operation's, not the payment's

  SECTION("an expiry before any capture") {
    view.apply("payment_expired", money(1000));
    CHECK(view.payment().status == "expired");
  }
  SECTION("a cancellation before any capture") {
    view.apply("payment_cancelled", money(1000));
    CHECK(view.payment().status == "cancelled");
  }
  SECTION("after a capture, what was captured stays") {
    const std::string type = GENERATE("payment_expired", "payment_cancelled");
    view.apply("payment_captured", money(400));
    view.apply(type, money(600));
    CHECK(view.payment().status == "captured");
    CHECK(view.payment().captured == 400);
  }
  SECTION("a decline tells why") {
    view.apply("payment_declined", PaymentFinished{1000, "EUR", "do_not_honor"}.to_data());
    CHECK(view.payment().reason == "do_not_honor");
  }
}

TEST_CASE("a payment is shown as the API shows it") {
  View view;
  view.apply("payment_created", PaymentCreated{1000, "EUR", "tok", "key"}.to_data());
  PaymentFinished authorized{1000, "EUR"};
  authorized.expires_at_ms = 86'400'000;
  view.apply("payment_authorized", authorized.to_data());
  const json::object shown = view.payment().to_json("p1", 12);
  std::vector<std::string> members;
  for (const auto& [name, value] : shown) members.emplace_back(name);
  CHECK(members == std::vector<std::string>{"id", "status", "amount", "currency", "captured", "refunded", "held",
                                            "expires_at", "created_at", "updated_at", "staleness_ms"});
  CHECK(string_member(shown, "expires_at") == "1970-01-02T00:00:00.000Z");
  CHECK(integer_member(shown, "staleness_ms") == 12);
}

TEST_CASE("a decision of fraud may come before the payment") {
  View view;
  view.apply("fraud_held", FraudDecision{900, {"blocked_card"}}.to_data());
  CHECK(view.payment().status.empty());
  view.apply("payment_created", PaymentCreated{1000, "EUR", "tok", "key"}.to_data());
  CHECK(view.payment().status == "processing");
  CHECK(view.payment().held);
  view.apply("payment_created", PaymentCreated{1000, "EUR", "tok", "key"}.to_data());
  view.apply("payment_captured", money(1000));
  view.apply("fraud_cleared", FraudDecision{0, {}}.to_data());
  CHECK_FALSE(view.payment().held);
  CHECK(view.payment().status == "captured");
}

TEST_CASE("a wallet's balance is the last one told") {
  View view;
  view.apply("wallet_credited", LedgerMovement{500, "INR", 500, "k1"}.to_data(), "mer_1/w1");
  view.apply("wallet_debited", LedgerMovement{200, "INR", 300, "k2"}.to_data(), "mer_1/w1");
  auto reader = view.store->reader();
  REQUIRE(reader.ok());
  CHECK((*find_wallet_view(**reader, "mer_1", "w1"))->balance == 300);
  CHECK_FALSE(find_wallet_view(**reader, "mer_2", "w1")->has_value());
}
