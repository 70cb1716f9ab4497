#pragma once
// The seam for protocols: a filter sees the bytes of one connection, both ways, knows the messages in them, and changes
// what a fault says. One implementation per protocol (chaos/http/); a plain TCP link has none. Sans-I/O.

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.hpp"
#include "chaos/link_fault.hpp"

namespace tidegate::chaos {

struct ActiveFault;

/// How long faults hold a message; what a fault holds leaves once it is healed.
using MessageHolds = std::vector<std::pair<std::shared_ptr<ActiveFault>, Nanoseconds>>;

/// What a filter does with the bytes. Implemented by the connection.
class FilterOutput {
 public:
  /// Bytes go on in that direction, in order, by the sum of the holds later than they would without them.
  virtual void pass(Direction direction, std::string_view bytes, const MessageHolds& holds) = 0;
  /// Once what was passed downstream has left, the connection ends.
  virtual void end(Ending::How how) = 0;
  /// Whether somebody wants to be told of messages that pass: a fault on the connection is on.
  virtual bool wants_messages() const { return false; }
  /// A message that can be told from others begins to pass: message_hash of its identity.
  virtual void message(std::uint64_t hash) { (void)hash; }

 protected:
  ~FilterOutput() = default;
};

/// Not thread-safe. May call the output from within take() only.
class ProtocolFilter {
 public:
  virtual ~ProtocolFilter() = default;
  /// Bytes of that direction came at `now`. A filter with nothing to do passes the same view on, and nothing is copied.
  virtual void take(Direction direction, std::string_view bytes, Nanoseconds now, FilterOutput& output) = 0;
  /// The sender of that direction ended its stream; what the filter still keeps of it is passed now.
  virtual void ended(Direction direction, FilterOutput& output) = 0;
};

/// The protocol of one link: what its connections' filters share.
class LinkProtocol {
 public:
  virtual ~LinkProtocol() = default;
  /// For the connection of that number; `this` outlives it.
  virtual std::unique_ptr<ProtocolFilter> filter(std::uint64_t connection) = 0;
  /// A fault that looks at messages. Messages from now on meet it, on open connections too.
  virtual void add_fault(std::shared_ptr<ActiveFault> fault) = 0;
  virtual void remove_fault(const ActiveFault* fault) = 0;
};

}  // namespace tidegate::chaos
