// Method: readiness, then one step that does all that can be done now and arms what it waits for. A step takes a
// bounded number of rounds, so that one busy connection does not starve the others, nor the agent's control API.

#include "chaos/proxy/pump.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cmath>

namespace tidegate::chaos {
namespace {

constexpr int kRoundsPerStep = 16;
// A connection that filled the whole buffer so often in a row is bulk, and pays for a pipe.
constexpr int kFullReadsForBulk = 4;
constexpr std::size_t kSpliceBytes = 256 * 1024;
// Under a limit of bandwidth, bytes leave in pieces of about this duration, instead of a second's worth at once.
constexpr double kPaceSeconds = 0.01;
// How much may wait under such a limit before the sender feels it: a router's buffer of that length.
constexpr double kPacedBacklogSeconds = 0.25;
constexpr double kSmallestBacklog = 64 * 1024;

}  // namespace

Pump::Pump(Wiring wiring) : wiring_(std::move(wiring)), timer_(wiring_.context.executor) {}

void Pump::attach(int source, int sink, std::weak_ptr<void> owner) {
  source_ = source;
  sink_ = sink;
  owner_ = std::move(owner);
}

void Pump::stop() {
  done_ = true;
  timer_.cancel();
  queue_.clear();
  wiring_.context.give_back(std::move(pipe_));
}

void Pump::source_ready(bool ended) {
  readable_ = true;
  source_ended_ = source_ended_ || ended;
  step();
}

void Pump::sink_ready() {
  if (writable_) return;
  writable_ = true;
  step();
}

void Pump::faults_changed() {
  if (done_) return;
  const bool paced = wiring_.faults.bytes_per_second(wiring_.direction) > 0;
  if (!paced) paced_until_ = Nanoseconds{0};
  queue_.reschedule(paced ? monotonic_now() : Nanoseconds{0},
                    [this](const DelayQueue::Chunk& chunk, Nanoseconds previous) { return due_of(chunk, previous); });
  if (end_ != End::none) {
    end_due_ =
        end_arrived_ + delay_of(chunks_, end_arrived_, false) + wiring_.faults.end_delay(wiring_.direction, false);
  }
  step();
}

Nanoseconds Pump::delay_of(std::uint64_t chunk, Nanoseconds arrived, bool count_hits) const {
  if (wiring_.faults.empty()) return Nanoseconds{0};
  return wiring_.faults.delay({wiring_.connection, wiring_.direction, chunk}, arrived, count_hits);
}

Nanoseconds Pump::due_of(const DelayQueue::Chunk& chunk, Nanoseconds previous) const {
  Nanoseconds due = chunk.arrived + delay_of(chunk.index, chunk.arrived, false);
  for (const auto& [fault, hold] : chunk.holds) due += fault->active ? hold : Nanoseconds{0};
  due = std::max(previous, due);
  if (chunk.continued) due += wiring_.faults.piece_gap();
  const double rate = wiring_.faults.bytes_per_second(wiring_.direction);
  if (rate > 0) due += from_seconds(static_cast<double>(chunk.bytes.size()) / rate);
  return due;
}

void Pump::step() {
  if (stepping_ || source_ < 0) return;  // the step under way, or the start, sees what has changed
  stepping_ = true;
  for (int round = 0; round < kRoundsPerStep && !done_; ++round) {
    const bool stopped = !wiring_.faults.empty() && wiring_.faults.stops(wiring_.direction);
    if (stopped) hold();
    if (stopped || !write_ready_bytes() || end_when_drained()) {
      stepping_ = false;
      return;
    }
    if (end_ != End::none || queue_full() || !readable_) {
      stepping_ = false;
      return sleep_until_due();
    }
    may_splice() ? splice_bulk() : read();
  }
  stepping_ = false;
  if (done_) return;
  asio::post(wiring_.context.executor, [this, owner = owner_] {
    if (const auto keep = owner.lock()) step();
  });
}

// Stopped: bytes stay where they are, and the edge that tells of more is enough to know that there is something to
// stop.
void Pump::hold() {
  if (readable_ && queue_.empty() && end_ == End::none) {
    char byte = 0;
    const auto seen = ::recv(source_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    readable_ = seen >= 0 || errno != EAGAIN;
  }
  if (readable_ || !queue_.empty() || end_ != End::none) wiring_.faults.count_stopped(wiring_.direction);
}

std::size_t Pump::send_now(std::string_view bytes) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const auto count = ::send(sink_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (count >= 0) {
      sent += static_cast<std::size_t>(count);
      continue;
    }
    if (errno == EINTR) continue;
    writable_ = false;
    if (errno != EAGAIN) finish(Outcome::sink_gone);
    break;
  }
  return sent;
}

// Whether the step may go on: false when the sink is full, or gone.
bool Pump::write_ready_bytes() {
  if (!writable_) return false;
  if (pipe_ && pipe_->held > 0) {
    while (pipe_->held > 0) {
      const auto moved =
          ::splice(pipe_->read_end.get(), nullptr, sink_, nullptr, pipe_->held, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
      if (moved > 0) {
        pipe_->held -= static_cast<std::size_t>(moved);
      } else if (errno != EINTR) {
        writable_ = false;
        if (errno != EAGAIN) finish(Outcome::sink_gone);
        return false;
      }
    }
  }
  if (queue_.empty()) return true;
  const Nanoseconds now = monotonic_now();
  for (auto bytes = queue_.ready(now); !bytes.empty(); bytes = queue_.ready(now)) {
    const std::size_t sent = send_now(bytes);
    if (done_) return false;
    if (sent > 0) queue_.consume(sent);
    if (!writable_) return false;
  }
  return true;
}

bool Pump::end_when_drained() {
  if (end_ == End::none || !queue_.empty() || end_due_ > monotonic_now()) return false;
  if (end_ == End::cut) {
    end_ = End::none;
    wiring_.cut(cut_how_);
    return done_;
  }
  if (end_ == End::finished && !discarding_) ::shutdown(sink_, SHUT_WR);
  finish(end_ == End::reset ? Outcome::source_reset : Outcome::finished);
  return true;
}

void Pump::ended_with(int error_number, Nanoseconds now) {
  if (error_number == 0 && wiring_.filter_ended) wiring_.filter_ended();
  if (done_ || end_ == End::cut) return;
  end_ = error_number == 0 ? End::finished : End::reset;
  end_arrived_ = now;
  end_due_ = now + delay_of(chunks_, now, false);
  // What follows a reset is told at once: nothing is left that an orderly end could be late for.
  if (end_ == End::finished && !wiring_.faults.empty()) {
    end_due_ += wiring_.faults.end_delay(wiring_.direction, true);
  }
}

void Pump::read() {
  auto& buffer = wiring_.context.buffer;
  const auto count = ::recv(source_, buffer.data(), buffer.size(), 0);
  if (count < 0 && errno == EINTR) return;
  if (count < 0 && errno == EAGAIN) {
    readable_ = fresh_ = false;
    return;
  }
  if (count <= 0) return ended_with(count == 0 ? 0 : errno, monotonic_now());
  const auto size = static_cast<std::size_t>(count);
  // A short read took all there was, unless the end is known to stand behind it. Of a fresh source nothing is known:
  // what it did before the pump began has told nobody.
  readable_ = size == buffer.size() || source_ended_ || fresh_;
  full_reads_ = size == buffer.size() ? full_reads_ + 1 : 0;
  if (discarding_) return;
  const std::string_view bytes(buffer.data(), size);
  if (wiring_.filter) {
    wiring_.filter(bytes, monotonic_now());
  } else if (wiring_.faults.empty() && queue_.empty()) {
    offset_ += size;
    ++chunks_;
    const std::size_t sent = send_now(bytes);
    if (sent < size && !done_) {
      const Nanoseconds now = monotonic_now();
      queue_.push({std::string(bytes.substr(sent)), chunks_ - 1, now, now, {}, false});
    }
  } else {
    deliver(bytes, monotonic_now(), {});
  }
}

bool Pump::may_splice() const {
  return full_reads_ >= kFullReadsForBulk && !wiring_.filter && wiring_.faults.empty() && queue_.empty() &&
         !discarding_;
}

void Pump::splice_bulk() {
  if (!pipe_) pipe_ = wiring_.context.borrow_pipe();
  if (!pipe_) {
    full_reads_ = 0;
    return read();
  }
  const auto moved =
      ::splice(source_, nullptr, pipe_->write_end.get(), nullptr, kSpliceBytes, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
  if (moved > 0) {
    pipe_->held += static_cast<std::size_t>(moved);
    offset_ += static_cast<std::uint64_t>(moved);
    return;
  }
  if (moved < 0 && errno == EINTR) return;
  // Drained, ended or refused: a plain read tells which.
  full_reads_ = 0;
  wiring_.context.give_back(std::move(pipe_));
  read();
}

// As much as the endings by bytes let through; the rest is never delivered.
std::string_view Pump::allowed(std::string_view bytes) {
  const auto room = wiring_.faults.room(wiring_.direction);
  if (room && bytes.size() > *room) bytes = bytes.substr(0, *room);
  wiring_.faults.count_delivered(wiring_.direction, bytes.size());
  const auto due = wiring_.faults.ending_by_bytes(wiring_.direction);
  if (due) {
    ++due->fault->hits;
    end_after_delivery(due->ending.how);
  }
  return bytes;
}

void Pump::deliver(std::string_view bytes, Nanoseconds now, const MessageHolds& holds) {
  if (done_ || end_ == End::cut || discarding_ || bytes.empty()) return;
  const std::uint64_t chunk = chunks_++;
  if (!wiring_.faults.empty()) {
    if (wiring_.faults.discards(wiring_.direction)) {
      offset_ += bytes.size();
      return;
    }
    bytes = allowed(bytes);
  }
  shape(bytes, chunk, now, holds);
}

void Pump::shape(std::string_view bytes, std::uint64_t chunk, Nanoseconds now, const MessageHolds& holds) {
  std::string altered;
  BytePlace place{wiring_.connection, wiring_.direction, offset_};
  offset_ += bytes.size();
  if (wiring_.faults.alters(wiring_.direction)) {
    altered = bytes;
    wiring_.faults.alter(place, altered);
    bytes = altered;
  }
  const double rate = wiring_.faults.bytes_per_second(wiring_.direction);
  const auto paced = rate > 0 ? static_cast<std::size_t>(std::max(1.0, rate * kPaceSeconds)) : bytes.size();
  (void)delay_of(chunk, now, true);
  bool continued = false;
  while (!bytes.empty()) {
    std::size_t size = std::min(paced, bytes.size());
    if (!wiring_.faults.empty()) size = wiring_.faults.piece_size(place, size);
    DelayQueue::Chunk piece{{}, chunk, now, {}, holds, continued};
    std::string_view part = bytes.substr(0, size);
    bytes.remove_prefix(size);
    place.offset += size;
    if (queue_.empty() && rate <= 0 && writable_) {
      piece.due = due_of(piece, now);
      if (piece.due <= now) part.remove_prefix(send_now(part));
      if (done_ || part.empty()) {
        continued = true;
        continue;
      }
    }
    piece.bytes = part;
    piece.due =
        due_of(piece, std::max({queue_.last_due(), paced_until_, rate > 0 || continued ? now : Nanoseconds{0}}));
    if (rate > 0) paced_until_ = piece.due;
    queue_.push(std::move(piece));
    continued = true;
  }
}

bool Pump::queue_full() const {
  if (queue_.empty()) return false;
  if (queue_.full()) return true;
  const double rate = wiring_.faults.empty() ? 0 : wiring_.faults.bytes_per_second(wiring_.direction);
  if (rate <= 0) return false;
  return static_cast<double>(queue_.bytes()) >= std::max(kSmallestBacklog, rate * kPacedBacklogSeconds);
}

void Pump::end_after_delivery(Ending::How how) {
  if (done_) return;
  end_ = End::cut;
  cut_how_ = how;
  end_arrived_ = end_due_ = monotonic_now();
}

void Pump::end_early() {
  if (done_ || discarding_) return;
  ::shutdown(sink_, SHUT_WR);
  discarding_ = true;
  queue_.clear();
  end_ = End::none;
  readable_ = writable_ = true;  // nothing waits for the sink any more
  step();
}

void Pump::sleep_until_due() {
  Nanoseconds due = end_due_;
  if (const auto first = queue_.next_due()) {
    due = *first;
  } else if (end_ == End::none) {
    return;
  }
  if (timer_due_ == due || !writable_) return;  // armed already, or waiting for the sink
  timer_due_ = due;
  timer_.expires_at(std::chrono::steady_clock::time_point(due));
  timer_.async_wait([this, owner = owner_](error_code error) {
    const auto keep = owner.lock();
    if (error || !keep) return;
    timer_due_ = Nanoseconds{0};
    step();
  });
}

void Pump::finish(Outcome outcome) {
  done_ = true;
  outcome_ = outcome;
  timer_.cancel();
  queue_.clear();
  wiring_.context.give_back(std::move(pipe_));
  wiring_.ended();
}

}  // namespace tidegate::chaos
