#pragma once
// An event on its way: the envelope of every topic. JSON on the wire:
// {"id","type","version","payment","tenant","stream","sequence","occurred_at","traceparent","data":{...}}

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "base/result.hpp"

namespace tidegate::platform {

inline constexpr int kPartitions = 20;

/// A dense stream of numbers: one per (producer database, topic, partition).
struct StreamId {
  std::string producer;  ///< the producer database's id, e.g. "gateway-0"
  std::string topic;
  int partition = 0;
  std::string text() const;  ///< "gateway-0/payments/7"
  static Result<StreamId> parse(std::string_view text);
  auto operator<=>(const StreamId&) const = default;
};

struct Envelope {
  std::string id;    ///< of the event; kept by replays
  std::string type;  ///< payment_created, acquirer_approved, acquirer_declined, payment_captured, payment_declined
  int version = 1;
  std::string payment;  ///< the key of the record
  std::string tenant;   ///< merchant id
  StreamId stream;
  std::int64_t sequence = 0;        ///< dense from 1 within the stream
  std::int64_t occurred_at_ms = 0;  ///< the store's commit time; the record's CreateTime
  std::string traceparent;          ///< W3C trace context
  json::object data;

  std::string encode() const;
  /// With `types`: of events of other types `data` may be left empty, and is not checked. A consumer looks at few types
  /// and has to number all.
  static Result<Envelope> decode(std::string_view text, std::span<const std::string_view> types = {});
};

/// The partition of a payment id: stable_hash modulo kPartitions.
int partition_of(std::string_view payment);

}  // namespace tidegate::platform
