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

  /// Asks for what is missing, unless the last time failed a moment ago.
  void fill();
  /// Asks for the heads when a stream has been quiet, at most every idle_check.
  void check_heads();
  /// Something is missing and fill() would ask for it now.
  bool can_fill() const;

 private:
  bool fill_range(const MissingRange& range);

  const InboxOptions& options_;
  Sequencer& sequencer_;
  InboxCounters& counters_;
  OutboxSource source_;
  Nanoseconds fill_at_{0}, heads_at_{0};    // not before
  std::vector<std::int64_t> former_heads_;  // at the last check
  std::map<int, std::int64_t> noticed_;     // where the last gap of a partition began
};

}  // namespace tidegate::platform
