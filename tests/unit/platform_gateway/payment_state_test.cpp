// The table of transitions, against a second copy of it written by hand.

#include <map>
#include <set>

#include "platform/gateway/payment.hpp"
#include "platform/gateway/payment_state.hpp"
#include "platform/service/timestamp.hpp"
#include "tests/support/catch.hpp"

namespace tidegate::platform {
namespace {

const std::map<std::string, std::set<std::string>>& legal() {
  static const std::map<std::string, std::set<std::string>> table{
      {"processing", {"requires_action", "authorized", "captured", "declined", "cancelled", "expired", "conflicted"}},
      {"requires_action", {"processing", "declined", "cancelled", "expired"}},
      {"authorized", {"capture_pending", "cancel_pending", "expired", "conflicted"}},
      {"capture_pending", {"authorized", "partially_captured", "captured", "conflicted"}},
      {"partially_captured", {"capture_pending", "cancel_pending", "captured", "conflicted"}},
      {"captured", {"settled", "refund_pending", "conflicted"}},
      {"settled", {"refund_pending"}},
      {"cancel_pending", {"authorized", "partially_captured", "captured", "cancelled", "conflicted"}},
      {"refund_pending", {"captured", "settled", "partially_refunded", "refunded", "conflicted"}},
      {"partially_refunded", {"refund_pending"}},
      {"declined", {}},
      {"cancelled", {}},
      {"expired", {}},
      {"refunded", {}},
      {"conflicted", {}},
  };
  return table;
}

TEST_CASE("payment states: every legal step is taken, every other one refused") {
  REQUIRE(all_payment_states().size() == 15);
  REQUIRE(legal().size() == 15);
  int steps = 0;
  for (const PaymentState from : all_payment_states()) {
    for (const PaymentState to : all_payment_states()) {
      INFO(to_string(from) << " -> " << to_string(to));
      const bool expected = legal().at(std::string(to_string(from))).count(std::string(to_string(to))) == 1;
      CHECK(may_become(from, to) == expected);
      steps += may_become(from, to) ? 1 : 0;
    }
  }
  CHECK(steps == 38);
}

TEST_CASE("payment states: nothing leaves a terminal state, and every other one can end") {
  const std::set<std::string> terminal{"declined", "cancelled", "expired", "refunded", "conflicted"};
  for (const PaymentState state : all_payment_states()) {
    INFO(to_string(state));
    CHECK(is_terminal(state) == (terminal.count(std::string(to_string(state))) == 1));
    CHECK_FALSE(may_become(state, state));
    std::set<PaymentState> reached{state};
    for (std::size_t before = 0; before != reached.size();) {
      before = reached.size();
      for (const PaymentState from : std::set<PaymentState>(reached)) {
        for (const PaymentState to : all_payment_states()) {
          if (may_become(from, to)) reached.insert(to);
        }
      }
    }
    CHECK(std::any_of(reached.begin(), reached.end(), is_terminal));
  }
}

TEST_CASE("payment states: stored numbers are those of old, others are none") {
  CHECK(payment_state_from(1) == PaymentState::processing);
  CHECK(payment_state_from(6) == PaymentState::captured);
  CHECK(payment_state_from(8) == PaymentState::declined);
  CHECK(payment_state_from(15) == PaymentState::conflicted);
  for (const std::int64_t none : {std::int64_t{0}, std::int64_t{16}, std::int64_t{-1}, std::int64_t{1} << 40}) {
    CHECK_FALSE(payment_state_from(none).has_value());
  }
}

TEST_CASE("payment names: one spelling per number") {
  struct Case {
    const char* name;
    std::int64_t id;  // 0: not a name
  };
  const Case cases[] = {
      {"pay_0000000000000001", 1},
      {"pay_7fffffffffffffff", std::numeric_limits<std::int64_t>::max()},
      {"pay_0000000000000000", 0},   // ids begin at 1
      {"pay_8000000000000000", 0},   // beyond the largest
      {"pay_000000000000001", 0},    // a digit short
      {"pay_00000000000000001", 0},  // one too many
      {"pay_000000000000000A", 0},   // capitals
      {"PAY_0000000000000001", 0},
      {"pay_+000000000000001", 0},
      {"pay_ 000000000000001", 0},
      {"pay_0x00000000000001", 0},
      {"", 0},
      {"pay_", 0},
  };
  for (const Case& tried : cases) {
    INFO(tried.name);
    CHECK(payment_from_name(tried.name).value_or(0) == tried.id);
    if (tried.id != 0) CHECK(payment_name(tried.id) == tried.name);
  }
  CHECK(merchant_from_name("mer_000042") == 42);
  CHECK(merchant_from_name("mer_1234567") == 1234567);
  for (const char* none :
       {"mer_42", "mer_0000042", "mer_", "mer_-00042", "mer_000000", "pay_000042", "mer_99999999999999999999999"}) {
    INFO(none);
    CHECK_FALSE(merchant_from_name(none).has_value());
  }
}

TEST_CASE("payment times are RFC 3339 in UTC") {
  CHECK(timestamp_text(0) == "1970-01-01T00:00:00.000Z");
  CHECK(timestamp_text(951'782'399'999) == "2000-02-28T23:59:59.999Z");
  CHECK(timestamp_text(951'782'400'000) == "2000-02-29T00:00:00.000Z");
  CHECK(timestamp_text(1'732'838'400'007) == "2024-11-29T00:00:00.007Z");
}

}  // namespace
}  // namespace tidegate::platform
