// The workers' legacy departures: what each does otherwise, and nothing of it on the modern platform.

#include "platform/legacy/compose_workers.hpp"
#include "platform/reconciliation/matcher.hpp"
#include "tests/support/catch.hpp"

using namespace tidegate;
using namespace tidegate::platform;

namespace {

/// 1.01, 2.02, ... as merchants are paid: amounts with cents that binary fractions do not hit.
std::int64_t amount_of(std::int64_t row) {
  return 101 + row * 7'919 % 250'000;
}

std::int64_t drift_after(AddUp add_up, std::int64_t rows) {
  std::int64_t total = 0, exact = 0;
  for (std::int64_t row = 0; row < rows; ++row) {
    exact += amount_of(row);
    REQUIRE(add_up(total, amount_of(row)));
  }
  return total - exact;
}

ServiceOptions with(const std::string& profile, std::map<std::string, std::string> switches = {}) {
  ServiceOptions options;
  options.profile = profile;
  options.switches = std::move(switches);
  return options;
}

}  // namespace

TEST_CASE("departures: single precision loses cents as soon as a total needs more than 24 bits") {
  CHECK(drift_after(add_exactly, 80'000) == 0);
  CHECK(drift_after(add_in_float32, 10) == 0);
  // PayNest: beyond its tolerance after some 80,000 rows. Double precision is right to the cent.
  const std::int64_t drift = drift_after(add_in_float32, 80'000);
  INFO("drift after 80,000 rows: " << drift);
  CHECK(std::abs(drift) > 1'000);
  double sum = 0;
  std::int64_t exact = 0;
  for (std::int64_t row = 0; row < 80'000; ++row) {
    sum += static_cast<double>(amount_of(row)) / 100;
    exact += amount_of(row);
  }
  CHECK(std::llround(sum * 100) == exact);
}

TEST_CASE("departures: rounding each row drifts by up to half a unit a row") {
  std::int64_t total = 0;
  for (const std::int64_t amount : {149, 150, -149, -150, 100}) REQUIRE(add_rounded(total, amount));
  CHECK(total == 100 + 200 - 100 - 200 + 100);
  CHECK(drift_after(add_rounded, 1'000) != 0);
}

TEST_CASE("departures: the control total finds what the nets lost") {
  const auto record = [](const std::string& reference, std::int64_t amount) {
    std::string text;
    SettlementRow row;
    row.reference = reference;
    row.merchant = "mer_1";
    row.currency = "EUR";
    row.amount = amount;
    append_record(text, row);
    return text;
  };
  std::string rows;
  for (int i = 0; i < 10; ++i) rows += record("r" + std::to_string(i), 149);
  const Differ nobody = [](Match, const SettlementRow&, const SettlementRow*) {};
  const auto exact = match_bucket(rows, rows, nobody);
  const auto rounded = match_bucket(rows, rows, nobody, add_rounded);
  REQUIRE(exact.ok());
  REQUIRE(rounded.ok());
  CHECK(exact->drift() == 0);
  CHECK(rounded->drift() == 10 * (149 - 100));
  Tally sum;
  REQUIRE(sum.add(*rounded).ok());
  REQUIRE(sum.add(*exact).ok());
  CHECK(sum.drift() == rounded->drift());
}

TEST_CASE("departures: profiles and switches choose") {
  const Departures modern = compose_workers(with("modern"));
  CHECK(modern.breaker.failures == 3);
  CHECK(modern.keeps_dead_letters);
  CHECK(modern.urgent_first);
  CHECK_FALSE(compose_workers(with("modern", {{"priority_starvation", "true"}})).urgent_first);
  CHECK_FALSE(modern.before_post);
  CHECK(modern.add_up == nullptr);
  CHECK(modern.buckets_until_death == 0);
  CHECK_FALSE(modern.audit_log_job);

  const Departures paynest = compose_workers(with("legacy-paynest"));
  CHECK_FALSE(paynest.keeps_dead_letters);
  CHECK(paynest.add_up == add_in_float32);
  CHECK(paynest.buckets_until_death == 21);
  CHECK(paynest.breaker.timeouts == 2);
  CHECK(compose_workers(with("legacy-paynest", {{"float32_money", "false"}})).add_up == nullptr);

  CHECK(compose_workers(with("legacy")).breaker.failures > 1'000'000);
  CHECK(compose_workers(with("modern", {{"ledger_cap_2500", "0.5"}})).before_post);
  CHECK(compose_workers(with("legacy-ledgerflow")).audit_log_job);
}
