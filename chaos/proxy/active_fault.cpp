#include "chaos/proxy/active_fault.hpp"

#include <algorithm>

namespace tidegate::chaos {
namespace {

std::size_t side(Direction direction) {
  return static_cast<std::size_t>(direction);
}

}  // namespace

void ConnectionFaults::add(std::shared_ptr<ActiveFault> fault, Nanoseconds now) {
  Entry entry;
  entry.ending = fault->effect->ending();
  entry.met = now;
  entry.fault = std::move(fault);
  entries_.push_back(std::move(entry));
}

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

Nanoseconds ConnectionFaults::end_delay(Direction direction, bool count_hits) const {
  Nanoseconds sum{0};
  for (const Entry& entry : entries_) {
    const Nanoseconds delay = entry.fault->effect->end_delay(direction);
    if (delay.count() > 0 && count_hits) ++entry.fault->hits;
    sum += delay;
  }
  return sum;
}

double ConnectionFaults::bytes_per_second(Direction direction) const {
  double narrowest = 0;
  for (const Entry& entry : entries_) {
    const double rate = entry.fault->effect->bytes_per_second(direction);
    if (rate > 0 && (narrowest <= 0 || rate < narrowest)) narrowest = rate;
  }
  return narrowest;
}

bool ConnectionFaults::stops(Direction direction) const {
  return std::any_of(entries_.begin(), entries_.end(),
                     [&](const Entry& entry) { return entry.fault->effect->stops(direction); });
}

void ConnectionFaults::count_stopped(Direction direction) {
  for (Entry& entry : entries_) {
    bool& counted = entry.counted[side(direction)];
    if (counted || !entry.fault->effect->stops(direction)) continue;
    counted = true;
    ++entry.fault->hits;
  }
}

bool ConnectionFaults::discards(Direction direction) {
  bool any = false;
  for (Entry& entry : entries_) {
    if (!entry.fault->effect->discards(direction)) continue;
    entry.lost = any = true;
    ++entry.fault->hits;
  }
  return any;
}

void ConnectionFaults::count_message(const Touch& touch) const {
  for (const Entry& entry : entries_) entry.fault->touched.add(touch);
}

bool ConnectionFaults::lost_bytes(const ActiveFault* fault) const {
  return std::any_of(entries_.begin(), entries_.end(),
                     [&](const Entry& entry) { return entry.fault.get() == fault && entry.lost; });
}

bool ConnectionFaults::alters(Direction direction) const {
  return std::any_of(entries_.begin(), entries_.end(),
                     [&](const Entry& entry) { return entry.fault->effect->alters(direction); });
}

void ConnectionFaults::alter(const BytePlace& place, std::span<char> bytes) const {
  for (const Entry& entry : entries_) {
    if (!entry.fault->effect->alters(place.direction)) continue;
    entry.fault->hits += entry.fault->effect->alter(place, bytes);
  }
}

std::size_t ConnectionFaults::piece_size(const BytePlace& place, std::size_t count) const {
  std::size_t smallest = count;
  for (const Entry& entry : entries_) {
    const std::size_t size = entry.fault->effect->piece_size(place);
    if (size == 0 || size >= count) continue;
    ++entry.fault->hits;
    smallest = std::min(smallest, size);
  }
  return smallest;
}

Nanoseconds ConnectionFaults::piece_gap() const {
  Nanoseconds sum{0};
  for (const Entry& entry : entries_) sum += entry.fault->effect->piece_gap();
  return sum;
}

bool ConnectionFaults::stops_connecting() const {
  return std::any_of(entries_.begin(), entries_.end(),
                     [](const Entry& entry) { return entry.fault->effect->stops_connecting(); });
}

void ConnectionFaults::count_kept_silent() {
  for (Entry& entry : entries_) {
    if (entry.fault->effect->stops_connecting()) ++entry.fault->hits;
  }
}

bool ConnectionFaults::refuses() {
  bool any = false;
  for (Entry& entry : entries_) {
    if (!entry.fault->effect->refuses()) continue;
    any = true;
    ++entry.fault->hits;
  }
  return any;
}

Nanoseconds ConnectionFaults::accept_delay(std::uint64_t connection, bool count_hits) const {
  Nanoseconds sum{0};
  for (const Entry& entry : entries_) {
    const Nanoseconds delay = entry.fault->effect->accept_delay(connection);
    if (delay.count() > 0 && count_hits) ++entry.fault->hits;
    sum += delay;
  }
  return sum;
}

std::optional<std::uint64_t> ConnectionFaults::room(Direction direction) const {
  std::optional<std::uint64_t> least;
  for (const Entry& entry : entries_) {
    if (!entry.ending || !entry.ending->after_bytes || !applies(entry.ending->directions, direction)) continue;
    const std::uint64_t limit = *entry.ending->after_bytes, used = entry.delivered[side(direction)];
    const std::uint64_t left = limit > used ? limit - used : 0;
    if (!least || left < *least) least = left;
  }
  return least;
}

void ConnectionFaults::count_delivered(Direction direction, std::uint64_t count) {
  for (Entry& entry : entries_) entry.delivered[side(direction)] += count;
}

std::optional<ConnectionFaults::DueEnding> ConnectionFaults::ending_by_bytes(Direction direction) const {
  for (const Entry& entry : entries_) {
    if (!entry.ending || !entry.ending->after_bytes || !applies(entry.ending->directions, direction)) continue;
    if (entry.delivered[side(direction)] >= *entry.ending->after_bytes)
      return DueEnding{*entry.ending, entry.fault.get()};
  }
  return std::nullopt;
}

std::optional<Nanoseconds> ConnectionFaults::next_ending() const {
  std::optional<Nanoseconds> next;
  for (const Entry& entry : entries_) {
    if (!entry.ending || !entry.ending->after || entry.ended) continue;
    const Nanoseconds due = entry.met + *entry.ending->after;
    if (!next || due < *next) next = due;
  }
  return next;
}

std::optional<ConnectionFaults::DueEnding> ConnectionFaults::take_ending(Nanoseconds now) {
  for (Entry& entry : entries_) {
    if (!entry.ending || !entry.ending->after || entry.ended) continue;
    if (entry.met + *entry.ending->after > now) continue;
    entry.ended = true;
    return DueEnding{*entry.ending, entry.fault.get()};
  }
  return std::nullopt;
}

}  // namespace tidegate::chaos
