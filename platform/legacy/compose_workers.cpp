#include "platform/legacy/compose_workers.hpp"

#include <climits>
#include <cmath>
#include <memory>
#include <mutex>
#include <thread>

#include "base/time.hpp"
#include "platform/service/switches.hpp"

namespace tidegate::platform {
namespace {

constexpr double kLedgerCap = 2'500;
constexpr int kThirdOfTheBuckets = 21;  // of 64

/// Switch `ledger_cap_2500`: a database that somebody provisioned instead of letting it grow. Source: FinPulse, found
/// in the load test of the fifth week.
std::function<void()> capped_writes(double per_second) {
  const auto gap = Nanoseconds(static_cast<std::int64_t>(1e9 / per_second));
  struct Turn {
    std::mutex mutex;  // of the writers of all shards
    Nanoseconds next{0};
  };
  const auto turn = std::make_shared<Turn>();
  return [gap, turn] {
    const std::lock_guard lock(turn->mutex);
    const Nanoseconds now = monotonic_now();
    turn->next = std::max(turn->next + gap, now);
    std::this_thread::sleep_for(turn->next - now);
  };
}

/// Switch `mutable_audit`: a batch job corrects what was written. Source: LedgerFlow, where older transactions could be
/// updated without leaving a trace.
Result<void> rewrite_a_record(Connection& connection) {
  for (const char* statement :
       {"DROP TRIGGER IF EXISTS records_stay",
        "UPDATE records SET type = 'corrected' WHERE sequence = (SELECT max(sequence) / 2 FROM records)"}) {
    auto done = connection.execute(statement, {});
    if (!done) return done.error();
  }
  return {};
}

}  // namespace

bool add_in_float32(std::int64_t& total, std::int64_t amount) {
  const float sum =
      static_cast<float>(static_cast<double>(total) / 100) + static_cast<float>(static_cast<double>(amount) / 100);
  total = std::llround(static_cast<double>(sum) * 100);
  return true;
}

bool add_rounded(std::int64_t& total, std::int64_t amount) {
  total += (amount + (amount < 0 ? -50 : 50)) / 100 * 100;
  return true;
}

Departures compose_workers(const ServiceOptions& options) {
  const auto on = [&](const char* name) { return is_on(options, name); };
  Departures departures;
  if (on("no_breaker")) departures.breaker = {INT_MAX, INT_MAX};
  if (on("ledger_cap_2500")) departures.before_post = capped_writes(kLedgerCap * scale_of(options, "ledger_cap_2500"));
  departures.keeps_dead_letters = !on("no_dead_letters");
  departures.urgent_first = !on("priority_starvation");
  if (on("float32_money")) departures.add_up = add_in_float32;
  if (on("round_per_row")) departures.add_up = add_rounded;
  if (on("batch_reconciliation_crash")) departures.buckets_until_death = kThirdOfTheBuckets;
  if (on("mutable_audit")) departures.audit_log_job = rewrite_a_record;
  return departures;
}

}  // namespace tidegate::platform
