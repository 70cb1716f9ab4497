#pragma once
// Closes the holes in a producer's streams from its outbox, and finds the tails that never arrived. Private to
// platform/inbox.

#include <map>
#include <string>
#include <vector>

#include "platform/inbox/counters.hpp"
#include "platform/inbox/inbox.hpp"
#include "platform/inbox/outbox_source.hpp"
#include "platform/inbox/sequencer.hpp"

namespace tidegate::platform {

/// Belongs to the inbox's thread; blocks while the outbox is asked.
class GapFiller {
 public:
  GapFiller(PeerDirectory& peers, const InboxOptions& options, Sequencer& sequencer, InboxCounters& counters)
      : options_(options), sequencer_(sequencer), counters_(counters), source_(peers, options) {}

  /// Asks for what is missing, unless the last time failed a moment ago; the rest is the next call's when it takes
  /// long.
  void fill();
  /// Asks for the heads when a stream has been quiet for idle_check and for as long as events are late at the moment,
  /// no oftener than that. What is late is not lost: to fetch it from the outbox, too, costs the most when there is the
  /// least to spare.
  void check_heads(Nanoseconds late);
  /// Something is missing and fill() would ask for it now.
  bool can_fill() const;

 private:
  bool fill_range(const MissingRange& range);

  const InboxOptions& options_;
  Sequencer& sequencer_;
  InboxCounters& counters_;
  OutboxSource source_;
  Nanoseconds fill_at_{0};                  // not before
  Nanoseconds heads_at_{0};                 // of the last check
  std::vector<std::int64_t> former_heads_;  // what it found
  std::map<int, std::int64_t> noticed_;     // where the last gap of a partition began
};

}  // namespace tidegate::platform
