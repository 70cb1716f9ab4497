#include "platform/inbox/gap_filler.hpp"

#include "base/log.hpp"

namespace tidegate::platform {
namespace {

constexpr Nanoseconds kLongestFill = std::chrono::milliseconds(500);  // the bus is not read meanwhile

}  // namespace

bool GapFiller::can_fill() const {
  return monotonic_now() >= fill_at_ && !sequencer_.missing().empty();
}

void GapFiller::fill() {
  const Nanoseconds begun_at = monotonic_now();
  if (begun_at < fill_at_) return;
  for (const MissingRange& range : sequencer_.missing()) {
    if (monotonic_now() - begun_at >= kLongestFill) return;
    if (noticed_[range.partition] != range.from) counters_.gaps += 1;
    noticed_[range.partition] = range.from;
    if (fill_range(range)) continue;
    fill_at_ = monotonic_now() + options_.retry_after;
    return;
  }
}

bool GapFiller::fill_range(const MissingRange& range) {
  auto events = source_.events(range);
  if (!events || events->empty()) {
    const StreamId stream{options_.producer, options_.topic, range.partition};
    log::warn("a gap cannot be filled yet", {{"stream", stream.text()},
                                             {"from", std::to_string(range.from)},
                                             {"to", std::to_string(range.to)},
                                             {"why", events ? "the outbox has none" : events.error().message}});
    return false;
  }
  const Nanoseconds now = monotonic_now();
  for (Envelope& event : *events) {
    counters_.refilled += 1;
    if (sequencer_.offer(std::move(event), now) == Sequencer::Offer::repeat) counters_.repeats += 1;
  }
  return true;
}

void GapFiller::check_heads(Nanoseconds late) {
  const Nanoseconds now = monotonic_now();
  const Nanoseconds quiet = options_.idle_check + late;
  if (now - heads_at_ < quiet || !sequencer_.any_quiet(now, quiet)) return;
  auto heads = source_.heads();
  heads_at_ = monotonic_now();
  if (!heads) return;  // the producer is away: nobody can say what was lost, and nothing new comes
  // What was committed by the last check and has not come since is lost; what is newer may be on its way.
  for (std::size_t i = 0; i < former_heads_.size(); ++i) {
    const int partition = static_cast<int>(i);
    if (sequencer_.owns(partition) && sequencer_.is_quiet(partition, now, quiet)) {
      sequencer_.learn_head(partition, former_heads_[i]);
    }
  }
  former_heads_ = std::move(*heads);
}

}  // namespace tidegate::platform
