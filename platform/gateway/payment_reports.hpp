#pragma once
// What the acquiring, fraud and ledger workers report becomes a payment's next step, if the rules and the table of
// transitions have it.

#include <functional>
#include <string>
#include <unordered_map>

#include "platform/events/envelope.hpp"
#include "platform/gateway/payment_rules.hpp"
#include "platform/gateway/payment_table.hpp"
#include "platform/gateway/sequence.hpp"
#include "platform/outbox/outbox.hpp"
#include "platform/service/metrics.hpp"

namespace tidegate::platform {

/// Steps of payments on one shard. All calls come on its writer thread.
class PaymentReports {
 public:
  /// `changed` is told of each step after its commit, on the writer thread.
  PaymentReports(Outbox& outbox, CommitSequence& sequence, Metrics& metrics,
                 std::function<void(PaymentChange)> changed);

  /// Inside the inbox's transaction. A report that fits no payment or no legal step is counted, logged and done with:
  /// trying it again could not change it.
  Result<void> apply(Connection& connection, const Envelope& report);
  /// After that transaction's commit.
  void applied(const Envelope& report);

  /// Inside a transaction: the authorization lapses. `name` is unique among what is not committed yet.
  Result<void> expire(Connection& connection, std::int64_t payment, std::int64_t now_ms, const std::string& name);
  /// After that transaction's commit.
  void expired(const std::string& name) { tell(name); }

 private:
  struct Step {
    PaymentChange change;
    std::optional<Envelope> event;
  };
  Result<void> take(Connection& connection, const Payment& before, PaymentStep step, const Operation* operation,
                    const Envelope& report, const std::string& name);
  Result<void> refuse(const Envelope& report, std::string_view why);  // counts, logs, succeeds
  void tell(const std::string& name);

  Outbox& outbox_;
  CommitSequence& sequence_;
  Counter& illegal_;
  std::function<void(PaymentChange)> changed_;
  std::unordered_map<std::string, Step>
      uncommitted_;  // by the report's id; a rolled-back step is overwritten by its retry
};

}  // namespace tidegate::platform
