// What a client may do with a payment and what a report makes of it, without a database.

#include "platform/gateway/payment_rules.hpp"

#include <map>

#include "tests/support/catch.hpp"

namespace tidegate::platform {
namespace {

using enum PaymentState;

Payment payment_in(PaymentState state, std::int64_t captured = 0, std::int64_t refunded = 0) {
  Payment payment;
  payment.id = 7;
  payment.amount = 1000;
  payment.currency = "EUR";
  payment.manual = true;
  payment.state = state;
  payment.captured = captured;
  payment.refunded = refunded;
  return payment;
}

Operation pending(OperationKind kind, std::int64_t amount, PaymentState before, bool final = false) {
  Operation operation;
  operation.id = 70;
  operation.payment = 7;
  operation.kind = kind;
  operation.amount = amount;
  operation.before = before;
  operation.final = final;
  return operation;
}

Payment waiting_for(Payment payment, const Operation& operation) {
  payment.state = pending_state(operation.kind);
  payment.operation = operation.id;
  return payment;
}

TEST_CASE("rules: which operation may begin in which state") {
  const std::map<PaymentState, std::string> legal{{authorized, "capture cancel"},
                                                  {partially_captured, "capture cancel"},
                                                  {captured, "refund"},
                                                  {settled, "refund"},
                                                  {partially_refunded, "refund"}};
  for (const PaymentState state : all_payment_states()) {
    for (const auto kind : {OperationKind::capture, OperationKind::refund, OperationKind::cancel}) {
      INFO(to_string(state) << " " << to_string(kind));
      const auto found = legal.find(state);
      const bool expected = found != legal.end() && found->second.find(to_string(kind)) != std::string::npos;
      const auto refused = refusal_of(payment_in(state, 500), kind, std::nullopt);
      CHECK(refused == (expected ? "" : "state-does-not-allow"));
      // Whatever may begin is a legal step.
      if (expected) CHECK(may_become(state, pending_state(kind)));
    }
  }
  Payment busy = payment_in(authorized);
  busy.operation = 70;
  CHECK(refusal_of(busy, OperationKind::capture, 1) == "operation-in-progress");
}

TEST_CASE("rules: no more is captured than was authorized, and no more refunded than was captured") {
  struct Case {
    PaymentState state;
    std::int64_t captured, refunded;
    OperationKind kind;
    std::int64_t most;
  };
  const Case cases[] = {
      {authorized, 0, 0, OperationKind::capture, 1000},
      {partially_captured, 400, 0, OperationKind::capture, 600},
      {captured, 1000, 0, OperationKind::refund, 1000},
      {captured, 400, 0, OperationKind::refund, 400},
      {partially_refunded, 1000, 999, OperationKind::refund, 1},
  };
  for (const Case& tried : cases) {
    const Payment payment = payment_in(tried.state, tried.captured, tried.refunded);
    INFO(to_string(tried.state) << " " << tried.most);
    CHECK(rest_of(payment, tried.kind) == tried.most);
    CHECK(refusal_of(payment, tried.kind, tried.most).empty());
    CHECK(refusal_of(payment, tried.kind, tried.most + 1) == "amount-exceeds-rest");
    CHECK(refusal_of(payment, tried.kind, INT64_MAX) == "amount-exceeds-rest");
  }
}

TEST_CASE("rules: what a report on an operation makes of the payment") {
  struct Case {
    const char* name;
    Payment payment;
    Operation operation;
    const char* report;
    PaymentState to;
    std::int64_t captured, refunded;
    const char* event;
    std::int64_t amount, total;
  };
  const auto cap = OperationKind::capture;
  const auto ref = OperationKind::refund;
  const auto can = OperationKind::cancel;
  const Case cases[] = {
      {"all of it", payment_in(authorized), pending(cap, 1000, authorized), "acquirer_captured", captured, 1000, 0,
       "payment_captured", 1000, 1000},
      {"a part", payment_in(authorized), pending(cap, 300, authorized), "acquirer_captured", partially_captured, 300, 0,
       "payment_captured", 300, 300},
      {"the last part", payment_in(partially_captured, 300), pending(cap, 700, partially_captured), "acquirer_captured",
       captured, 1000, 0, "payment_captured", 700, 1000},
      {"a part that is the last", payment_in(authorized), pending(cap, 300, authorized, true), "acquirer_captured",
       captured, 300, 0, "payment_captured", 300, 300},
      {"refused from authorized", payment_in(authorized), pending(cap, 1, authorized), "acquirer_capture_refused",
       authorized, 0, 0, "operation_refused", 1, 0},
      {"refused from a part", payment_in(partially_captured, 300), pending(cap, 1, partially_captured),
       "acquirer_capture_refused", partially_captured, 300, 0, "operation_refused", 1, 0},
      {"refund of all", payment_in(settled, 1000), pending(ref, 1000, settled), "acquirer_refunded", refunded, 1000,
       1000, "payment_refunded", 1000, 1000},
      {"refund of a part", payment_in(captured, 1000), pending(ref, 1, captured), "acquirer_refunded",
       partially_refunded, 1000, 1, "payment_refunded", 1, 1},
      {"refund of the rest", payment_in(partially_refunded, 1000, 1), pending(ref, 999, partially_refunded),
       "acquirer_refunded", refunded, 1000, 1000, "payment_refunded", 999, 1000},
      {"refund refused, back to settled", payment_in(settled, 1000), pending(ref, 5, settled),
       "acquirer_refund_refused", settled, 1000, 0, "operation_refused", 5, 0},
      {"cancelled", payment_in(authorized), pending(can, 1000, authorized), "acquirer_cancelled", cancelled, 0, 0,
       "payment_cancelled", 1000, 0},
      {"the rest cancelled", payment_in(partially_captured, 300), pending(can, 700, partially_captured),
       "acquirer_cancelled", captured, 300, 0, "payment_cancelled", 700, 0},
      {"cancellation refused", payment_in(authorized), pending(can, 1000, authorized), "acquirer_cancel_refused",
       authorized, 0, 0, "operation_refused", 1000, 0},
  };
  for (const Case& tried : cases) {
    INFO(tried.name);
    const Payment payment = waiting_for(tried.payment, tried.operation);
    const auto step = step_of_report(payment, &tried.operation, {tried.report, "because", 0});
    REQUIRE(step.has_value());
    CHECK(to_string(step->after.state) == to_string(tried.to));
    CHECK(step->after.captured == tried.captured);
    CHECK(step->after.refunded == tried.refunded);
    CHECK(step->after.operation == 0);
    CHECK(step->event == tried.event);
    CHECK(step->amount == tried.amount);
    CHECK(step->total == tried.total);
    CHECK(step->final_capture == tried.operation.final);
    // Once only: after it the payment waits for nothing.
    CHECK_FALSE(step_of_report(step->after, &tried.operation, {tried.report, "", 0}).has_value());
    // Without its operation, of another payment, of another kind, or one that is over: nothing.
    CHECK_FALSE(step_of_report(payment, nullptr, {tried.report, "", 0}).has_value());
    Operation other = tried.operation;
    other.payment = 8;
    CHECK_FALSE(step_of_report(payment, &other, {tried.report, "", 0}).has_value());
    other = tried.operation;
    other.id = 71;
    CHECK_FALSE(step_of_report(payment, &other, {tried.report, "", 0}).has_value());
    other = tried.operation;
    other.state = OperationState::refused;
    CHECK_FALSE(step_of_report(payment, &other, {tried.report, "", 0}).has_value());
    other = tried.operation;
    other.kind = other.kind == cap ? ref : cap;
    CHECK_FALSE(step_of_report(payment, &other, {tried.report, "", 0}).has_value());
  }
}

TEST_CASE("rules: what an acquirer says of a payment as a whole") {
  Payment automatic = payment_in(processing);
  automatic.manual = false;
  const auto approved = step_of_report(automatic, nullptr, {"acquirer_approved", "", 0});
  REQUIRE(approved.has_value());
  CHECK(approved->after.state == captured);
  CHECK(approved->after.captured == 1000);
  // Charged although only an authorization was asked for: nobody may pretend that this is in order.
  const auto unasked = step_of_report(payment_in(processing), nullptr, {"acquirer_approved", "", 0});
  REQUIRE(unasked.has_value());
  CHECK(unasked->after.state == conflicted);
  CHECK(unasked->event == "payment_conflicted");
  const auto authorization = step_of_report(payment_in(processing), nullptr, {"acquirer_authorized", "", 99});
  REQUIRE(authorization.has_value());
  CHECK(authorization->after.state == authorized);
  CHECK(authorization->after.expires_at_ms == 99);
  const auto refused = step_of_report(payment_in(processing), nullptr, {"acquirer_declined", "", 0});
  REQUIRE(refused.has_value());
  CHECK(refused->after.reason == "unknown");
  CHECK_FALSE(step_of_report(payment_in(processing), nullptr, {"acquirer_exploded", "", 0}).has_value());
}

TEST_CASE("rules: no report moves a terminal payment, whatever it says") {
  for (const PaymentState state : all_payment_states()) {
    if (!is_terminal(state)) continue;
    for (const char* report : {"acquirer_approved", "acquirer_authorized", "acquirer_declined", "acquirer_expired",
                               "acquirer_conflicted", "ledger_settled", "acquirer_captured", "acquirer_refunded",
                               "acquirer_cancelled", "acquirer_capture_refused"}) {
      for (const auto kind : {OperationKind::capture, OperationKind::refund, OperationKind::cancel}) {
        INFO(to_string(state) << " " << report);
        const Operation operation = pending(kind, 10, authorized);
        Payment payment = payment_in(state, 1000);
        payment.operation = operation.id;  // even if it were still waited for
        CHECK_FALSE(step_of_report(payment, &operation, {report, "", 0}).has_value());
      }
    }
    Payment lapsing = payment_in(state);
    lapsing.expires_at_ms = 5;
    CHECK_FALSE(step_of_expiry(lapsing, 10).has_value());
  }
}

TEST_CASE("rules: an authorization lapses at its time, and not under an operation") {
  Payment payment = payment_in(authorized);
  payment.expires_at_ms = 100;
  CHECK_FALSE(step_of_expiry(payment, 99).has_value());
  const auto lapsed = step_of_expiry(payment, 100);
  REQUIRE(lapsed.has_value());
  CHECK(lapsed->after.state == expired);
  CHECK(lapsed->event == "payment_expired");
  CHECK(lapsed->amount == 1000);
  Payment part = payment_in(partially_captured, 300);
  part.expires_at_ms = 100;
  const auto rest = step_of_expiry(part, 100);
  REQUIRE(rest.has_value());
  CHECK(rest->after.state == captured);
  CHECK(rest->amount == 700);
  payment.operation = 70;
  CHECK_FALSE(step_of_expiry(payment, 1000).has_value());
  Payment endless = payment_in(authorized);
  CHECK_FALSE(step_of_expiry(endless, INT64_MAX).has_value());
}

TEST_CASE("rules: a hold is a flag beside the state") {
  const auto held = step_of_report(payment_in(captured, 1000), nullptr, {"fraud_held", "", 0});
  REQUIRE(held.has_value());
  CHECK(held->after.held);
  CHECK(held->after.state == captured);
  CHECK(held->event.empty());
  CHECK_FALSE(step_of_report(held->after, nullptr, {"fraud_held", "", 0}).has_value());
  const auto cleared = step_of_report(held->after, nullptr, {"fraud_cleared", "", 0});
  REQUIRE(cleared.has_value());
  CHECK_FALSE(cleared->after.held);
}

}  // namespace
}  // namespace tidegate::platform
