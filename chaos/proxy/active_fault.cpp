#include "chaos/proxy/active_fault.hpp"

#include <algorithm>

namespace tidegate::chaos {

bool ConnectionFaults::remove(const ActiveFault* fault) {
  return std::erase_if(entries_, [&](const Entry& entry) { return entry.fault.get() == fault; }) > 0;
}

Nanoseconds ConnectionFaults::delay(const ChunkPlace& place, Nanoseconds arrived, bool count_hits) const {
  Nanoseconds sum{0};
  for (const Entry& entry : entries_) {
    if (entry.fault->injected > arrived) continue;
    const Nanoseconds delay = entry.fault->effect->delay(place);
    if (delay.count() > 0 && count_hits) ++entry.fault->hits;
    sum += delay;
  }
  return sum;
}

bool ConnectionFaults::stops(Direction direction) const {
  return std::any_of(entries_.begin(), entries_.end(),
                     [&](const Entry& entry) { return entry.fault->effect->stops(direction); });
}

bool ConnectionFaults::stops_connecting() const {
  return std::any_of(entries_.begin(), entries_.end(),
                     [](const Entry& entry) { return entry.fault->effect->stops_connecting(); });
}

void ConnectionFaults::count_stopped(Direction direction) {
  for (Entry& entry : entries_) {
    bool& counted = entry.counted[static_cast<std::size_t>(direction)];
    if (counted || !entry.fault->effect->stops(direction)) continue;
    counted = true;
    ++entry.fault->hits;
  }
}

void ConnectionFaults::count_kept_silent() {
  for (Entry& entry : entries_) {
    if (entry.fault->effect->stops_connecting()) ++entry.fault->hits;
  }
}

}  // namespace tidegate::chaos
