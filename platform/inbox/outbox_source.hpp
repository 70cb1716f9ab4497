#pragma once
// The producer's outbox, asked over HTTP by the inbox's own thread. Private to platform/inbox.

#include <cstdint>
#include <vector>

#include "platform/inbox/inbox.hpp"
#include "platform/inbox/sequencer.hpp"

namespace tidegate::platform {

/// The events of a page {"events": [...]}, which must be the stream's. Their texts are cut out, not parsed: a consumer
/// that is behind reads whole streams in this way.
Result<std::vector<Envelope>> events_in(const std::string& page, const StreamId& stream);

/// Blocking, each call within a second; the address is looked up at each call, so a producer that came back elsewhere
/// is found.
class OutboxSource {
 public:
  OutboxSource(PeerDirectory& peers, const InboxOptions& options) : peers_(peers), options_(options) {}

  /// Events from the start of the range on, in order; fewer than asked for when they are many. After a call without an
  /// answer the next one asks for fewer: a machine that is full may not manage a thousand within the second.
  Result<std::vector<Envelope>> events(const MissingRange& range);
  /// The last number of each stream, by partition.
  Result<std::vector<std::int64_t>> heads() const;

 private:
  static constexpr std::int64_t kMostAtOnce = 1000, kLeastAtOnce = 50;
  Result<std::string> get(const std::string& path_and_query) const;

  PeerDirectory& peers_;
  const InboxOptions& options_;
  std::int64_t most_ = kMostAtOnce;
};

}  // namespace tidegate::platform
