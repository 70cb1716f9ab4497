// Authorize, capture, refund, cancel, lapse: through HTTP and the bus.

#include "tests/unit/platform_gateway/gateway_support.hpp"

namespace tidegate::platform {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)

struct Authorized {
  explicit Authorized(RunningGateway& gateway_in, std::int64_t expires_at_ms = 0)
      : gateway(gateway_in), acquiring(gateway.bus()), tenant(gateway.new_tenant()) {
    const Answer made = gateway.send("POST", "/v1/payments/authorize-only", tenant.api_key,
                                     payment_body(1000, "EUR", tenant.card_token), {{"Idempotency-Key", "k"}});
    REQUIRE(made.status == 202);
    id = made.string("id");
    acquiring.report(id, "acquirer_authorized", {{"reference", "r"}, {"expires_at_ms", expires_at_ms}});
    if (expires_at_ms == 0) await("authorized");
  }
  void await(const std::string& status) {
    wait_until([&] { return gateway.status_of(tenant, id) == status; });
  }
  json::object payment() const { return gateway.get("/v1/payments/" + id, tenant.api_key).json; }
  Answer operate(const std::string& action, const std::string& key, const std::string& body = "") const {
    return gateway.operate(tenant, id, action, key, body);
  }
  void answer(const std::string& type, const Answer& operation) {
    acquiring.report(id, type,
                     {{"command", operation.string("id")}, {"amount", 1}, {"currency", "EUR"}, {"reason", "no"}});
  }
  std::vector<Envelope> events(std::size_t count) const {
    wait_until([&] { return events_of(gateway.bus(), "payments").size() >= count; });
    return events_of(gateway.bus(), "payments");
  }

  RunningGateway& gateway;
  FakeAcquiring acquiring;
  Tenant tenant;
  std::string id;
};

TEST_CASE("lifecycle: two captures and two refunds, each told to the acquirer and to everybody") {
  const ScratchDirectory scratch;
  RunningGateway gateway(scratch.path());
  Authorized paid(gateway);
  const Answer first = paid.operate("capture", "c1", R"({"amount":300})");
  REQUIRE(first.status == 202);
  CHECK(first.string("payment") == paid.id);
  CHECK(first.string("kind") == "capture");
  CHECK(first.header("Location") == "/v1/operations/" + first.string("id"));
  CHECK(gateway.status_of(paid.tenant, paid.id) == "capture_pending");
  // While it waits nothing else may begin, and the refusal is that key's result from then on.
  const Answer early = paid.operate("capture", "early", R"({"amount":1})");
  CHECK(early.status == 409);
  CHECK(early.problem() == "operation-in-progress");
  paid.answer("acquirer_captured", first);
  paid.await("partially_captured");
  CHECK(paid.operate("capture", "early", R"({"amount":1})").text == early.text);
  CHECK(paid.operate("capture", "too much", R"({"amount":701})").status == 400);  // a key with a space
  CHECK(paid.operate("capture", "too-much", R"({"amount":701})").problem() == "amount-exceeds-rest");
  const Answer second = paid.operate("capture", "c2");
  CHECK(second.json.at("amount").as_int64() == 700);
  paid.answer("acquirer_captured", second);
  paid.await("captured");

  const Answer part = paid.operate("refund", "r1", R"({"amount":999})");
  paid.answer("acquirer_refunded", part);
  paid.await("partially_refunded");
  const Answer rest = paid.operate("refund", "r2");
  CHECK(rest.json.at("amount").as_int64() == 1);
  paid.answer("acquirer_refunded", rest);
  paid.await("refunded");
  CHECK(paid.payment().at("captured").as_int64() == 1000);
  CHECK(paid.payment().at("refunded").as_int64() == 1000);
  CHECK(paid.operate("refund", "r3").problem() == "state-does-not-allow");

  const std::vector<Envelope> events = paid.events(10);
  const char* types[] = {"payment_created",   "payment_authorized", "capture_requested", "payment_captured",
                         "capture_requested", "payment_captured",   "refund_requested",  "payment_refunded",
                         "refund_requested",  "payment_refunded"};
  REQUIRE(events.size() == 10);
  for (std::size_t i = 0; i < events.size(); ++i) {
    INFO(i);
    CHECK(events[i].type == types[i]);
    CHECK(events[i].sequence == static_cast<std::int64_t>(i) + 1);
  }
  CHECK_FALSE(events[0].data.at("capture").as_bool());
  CHECK(events[2].data.at("command").as_string() == first.string("id"));
  CHECK(events[3].data.at("amount").as_int64() == 300);
  CHECK(events[5].data.at("total").as_int64() == 1000);
  const Answer listed = gateway.get("/v1/payments/" + paid.id + "/operations", paid.tenant.api_key);
  REQUIRE(listed.json.at("items").as_array().size() == 4);
  CHECK(gateway.get("/v1/operations/" + part.string("id"), paid.tenant.api_key).string("status") == "succeeded");
}

TEST_CASE("lifecycle: what the acquirer refuses leaves the payment where it was") {
  const ScratchDirectory scratch;
  RunningGateway gateway(scratch.path());
  Authorized paid(gateway);
  for (const std::string action : {"capture", "cancel"}) {
    const Answer refused = paid.operate(action, action + "-1");
    REQUIRE(refused.status == 202);
    paid.answer("acquirer_" + action + "_refused", refused);
    paid.await("authorized");
    const Answer read = gateway.get("/v1/operations/" + refused.string("id"), paid.tenant.api_key);
    CHECK(read.string("status") == "refused");
    CHECK(read.string("reason") == "no");
    // A late second answer changes nothing.
    const double before = gateway.metric("illegal_transitions_total");
    paid.answer(action == "capture" ? "acquirer_captured" : "acquirer_cancelled", refused);
    wait_until([&] { return gateway.metric("illegal_transitions_total") == before + 1; });
    CHECK(gateway.status_of(paid.tenant, paid.id) == "authorized");
  }
  // Copies of the payment learn where it is again: created, authorized, then each request and its refusal.
  const std::vector<Envelope> events = paid.events(6);
  REQUIRE(events.size() == 6);
  for (const std::size_t i : {3, 5}) {
    CHECK(events[i].type == "operation_refused");
    CHECK(events[i].data.at("status").as_string() == "authorized");
    CHECK(events[i].data.at("reason").as_string() == "no");
  }
  const Answer cancelled = paid.operate("cancel", "cancel-2");
  paid.answer("acquirer_cancelled", cancelled);
  paid.await("cancelled");
  for (const char* action : {"capture", "cancel", "refund"}) {
    CHECK(paid.operate(action, std::string("late-") + action).problem() == "state-does-not-allow");
  }
}

TEST_CASE("lifecycle: a repeat of an operation's key gets its result, with another body or payment a refusal") {
  const ScratchDirectory scratch;
  RunningGateway gateway(scratch.path());
  Authorized paid(gateway);
  const Answer first = paid.operate("capture", "c", R"({"amount":300})");
  for (int i = 0; i < 2; ++i) {
    const Answer again = paid.operate("capture", "c", R"({ "amount" : 300 })");
    CHECK(again.text == first.text);
    CHECK(again.header("Idempotent-Replayed") == "true");
    REQUIRE(gateway.send("POST", "/admin/cache/evict", kOperatorToken).status == 200);  // then from the store
  }
  CHECK(paid.operate("capture", "c", R"({"amount":301})").problem() == "idempotency-key-reused");
  CHECK(paid.operate("capture", "c", R"({"amount":300,"final":true})").problem() == "idempotency-key-reused");
  const std::string other =
      gateway.pay(paid.tenant.api_key, "c", payment_body(1, "EUR", paid.tenant.card_token)).string("id");
  REQUIRE_FALSE(other.empty());  // the same key on another route is another key
  CHECK(gateway.operate(paid.tenant, other, "capture", "c", R"({"amount":300})").problem() == "idempotency-key-reused");
  paid.answer("acquirer_captured", first);
  paid.await("partially_captured");
  CHECK(paid.operate("capture", "c", R"({"amount":300})").text == first.text);
  CHECK(paid.payment().at("captured").as_int64() == 300);
}

TEST_CASE("lifecycle: malformed operations get 400 and store nothing") {
  const ScratchDirectory scratch;
  RunningGateway gateway(scratch.path());
  Authorized paid(gateway);
  for (const char* body : {"[]", "null", "{", R"({"amount":0})", R"({"amount":-1})", R"({"amount":1.5})",
                           R"({"amount":"1"})", R"({"amount":1,"amount":1})", R"({"amount":99999999999999999999})",
                           R"({"final":1})", R"({"amuont":1})", "\xff"}) {
    INFO(body);
    CHECK(paid.operate("capture", "c", body).problem() == "malformed-request");
  }
  CHECK(paid.operate("refund", "c", R"({"final":true})").problem() == "malformed-request");
  CHECK(paid.operate("cancel", "c", R"({"amount":1})").problem() == "malformed-request");
  for (const char* action : {"capture", "refund", "cancel"}) {
    const std::string path = "/v1/payments/" + paid.id + "/" + action;
    CHECK(gateway.send("POST", path, paid.tenant.api_key).problem() == "idempotency-key-missing");
    CHECK(gateway.operate(paid.tenant, "nonsense", action, "n").status == 404);
    CHECK(gateway.operate(paid.tenant, "pay_7fffffffffffffff", action, "n").status == 404);
    CHECK(gateway.send("GET", path, paid.tenant.api_key).status == 405);
  }
  CHECK(paid.operate("capture", "c").status == 202);
}

TEST_CASE("lifecycle: an authorization lapses by the clock, and what was captured stays") {
  const ScratchDirectory scratch;
  RunningGateway gateway(scratch.path());
  Authorized lapsed(gateway, 1);  // 1970
  lapsed.await("expired");
  const std::vector<Envelope> events = lapsed.events(3);
  CHECK(events.back().type == "payment_expired");
  CHECK(events.back().data.at("amount").as_int64() == 1000);
  CHECK(lapsed.operate("capture", "late").problem() == "state-does-not-allow");
}

TEST_CASE("lifecycle: a hold shows, and a settlement is taken") {
  const ScratchDirectory scratch;
  RunningGateway::Options options;
  options.reports = {"acquiring", "fraud", "ledger"};
  RunningGateway gateway(scratch.path(), options);
  const Tenant tenant = gateway.new_tenant();
  const std::string id = gateway.pay(tenant.api_key, "k", payment_body(5, "EUR", tenant.card_token)).string("id");
  FakeAcquiring acquiring(gateway.bus());
  FakeAcquiring fraud(gateway.bus(), "fraud");
  FakeAcquiring ledger(gateway.bus(), "ledger");
  const auto held = [&] { return gateway.get("/v1/payments/" + id, tenant.api_key).json.at("held").as_bool(); };
  acquiring.report(id, "acquirer_approved");
  wait_until([&] { return gateway.status_of(tenant, id) == "captured"; });
  fraud.report(id, "fraud_held", {{"score", 900}});
  wait_until(held);
  fraud.report(id, "fraud_cleared", {{"score", 900}});
  wait_until([&] { return !held(); });
  ledger.report(id, "ledger_settled", {{"amount", 5}, {"currency", "EUR"}});
  wait_until([&] { return gateway.status_of(tenant, id) == "settled"; });
}

}  // namespace
}  // namespace tidegate::platform
