#pragma once
// What the acquiring workers report becomes a payment's next state, if the table of transitions has the step.

#include <functional>
#include <string>
#include <unordered_map>

#include "platform/events/envelope.hpp"
#include "platform/gateway/payment_table.hpp"
#include "platform/gateway/sequence.hpp"
#include "platform/outbox/outbox.hpp"
#include "platform/service/metrics.hpp"

namespace tidegate::platform {

/// Both calls come on the writer thread.
class AcquirerResults {
 public:
  /// `changed` is told of each step after its commit, on the writer thread.
  AcquirerResults(Outbox& outbox, CommitSequence& sequence, Metrics& metrics,
                  std::function<void(const PaymentChange&)> changed);

  /// Inside the inbox's transaction. A report that fits no payment or no legal step is counted, logged and done with:
  /// trying it again could not change it.
  Result<void> apply(Connection& connection, const Envelope& report);
  /// After that transaction's commit.
  void applied(const Envelope& report);

 private:
  struct Step {
    PaymentChange change;
    Envelope event;
  };
  Result<void> step(Connection& connection, const Envelope& report, const Payment& payment, PaymentState to);
  Result<void> refuse(const Envelope& report, std::string_view why);  // counts, logs, succeeds

  Outbox& outbox_;
  CommitSequence& sequence_;
  Counter& illegal_;
  std::function<void(const PaymentChange&)> changed_;
  std::unordered_map<std::string, Step>
      uncommitted_;  // by the report's id; a rolled-back step is overwritten by its retry
};

}  // namespace tidegate::platform
