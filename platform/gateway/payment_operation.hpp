#pragma once
// A capture, refund or cancellation in one transaction: idempotency key, operation row, the payment's pending state and
// the command to the acquiring workers commit together, then it is answered 202.

#include <memory>
#include <optional>
#include <string>

#include "platform/gateway/shards.hpp"

namespace tidegate::platform {

struct OperationCommand {
  std::int64_t merchant = 0;
  std::int64_t payment = 0;  ///< 0: the path names no payment
  OperationKind kind = OperationKind::capture;
  std::optional<std::int64_t> amount;  ///< nothing: all that is left
  bool final = false;
  std::string key;
  std::string traceparent;
};

/// The effect behind its key. The shard outlives it.
std::unique_ptr<KeyedEffect> make_payment_operation(Shard& shard, OperationCommand command);

}  // namespace tidegate::platform
