#pragma once
// Events that the effect of an event causes: rows of the same transaction, handed to the relay after its commit.

#include <string>
#include <unordered_map>
#include <vector>

#include "platform/outbox/outbox.hpp"

namespace tidegate::platform {

/// All calls on the writer thread.
class Consequences {
 public:
  explicit Consequences(Outbox& outbox) : outbox_(outbox) {}

  /// At the start of each effect: what an earlier, rolled-back try of the same cause had appended is forgotten.
  void begin(const Envelope& cause) { uncommitted_.erase(cause.id); }
  /// Inside the transaction. The event takes the cause's trace, unless it has one.
  Result<void> append(Connection& connection, const Envelope& cause, Envelope event);
  /// After the commit of the cause's effect.
  void committed(const Envelope& cause);

 private:
  Outbox& outbox_;
  std::unordered_map<std::string, std::vector<Envelope>> uncommitted_;
};

}  // namespace tidegate::platform
