#pragma once
// Carries out the effects of events together with the moves of their streams' cursors. Private to platform/inbox.

#include <vector>

#include "platform/inbox/counters.hpp"
#include "platform/inbox/inbox.hpp"
#include "platform/inbox/sequencer.hpp"
#include "platform/store/store.hpp"

namespace tidegate::platform {

/// Belongs to the inbox's thread; blocks until the writer thread has committed.
class Applier {
 public:
  Applier(Store& store, Sequencer& sequencer, InboxCounters& counters, std::size_t together, Apply apply,
          Applied applied)
      : store_(store),
        sequencer_(sequencer),
        counters_(counters),
        together_(together),
        apply_(std::move(apply)),
        applied_(std::move(applied)) {}

  /// Applies all that is ready. False when an effect failed: its stream waits, try again later.
  bool apply_ready();

 private:
  using Events = std::vector<const Envelope*>;
  bool apply_together(const Events& events);
  bool apply_one_by_one(const Events& events);
  Result<void> transaction(const Events& events, Urgency urgency);
  Result<void> effects(Connection& connection, const Events& events) const;
  void remember(const Events& events);

  Store& store_;
  Sequencer& sequencer_;
  InboxCounters& counters_;
  const std::size_t together_;
  const Apply apply_;
  const Applied applied_;
};

}  // namespace tidegate::platform
