// Method: readiness, then one step that does all that can be done now and arms what it waits for. A step takes a
// bounded number of rounds, so that one busy connection does not starve the others, nor the agent's control API.

#include "chaos/proxy/pump.hpp"

namespace tidegate::chaos {
namespace {

constexpr int kRoundsPerStep = 16;
using asio::ip::tcp;

}  // namespace

Pump::Pump(Wiring wiring, std::function<void()> ended)
    : wiring_(wiring), ended_(std::move(ended)), timer_(wiring.context.executor) {}

void Pump::start(std::weak_ptr<void> owner) {
  owner_ = std::move(owner);
  step();
}

void Pump::stop() {
  done_ = true;
  timer_.cancel();
  queue_.clear();
}

void Pump::faults_changed() {
  if (done_) return;
  queue_.reschedule([this](const DelayQueue::Chunk& chunk) { return delay_of(chunk.index, chunk.arrived, false); });
  if (end_ != End::none) end_due_ = end_arrived_ + delay_of(chunks_, end_arrived_, false);
  step();
}

Nanoseconds Pump::delay_of(std::uint64_t chunk, Nanoseconds arrived, bool count_hits) const {
  if (wiring_.faults.empty()) return Nanoseconds{0};
  return wiring_.faults.delay({wiring_.connection, wiring_.direction, chunk}, arrived, count_hits);
}

void Pump::step() {
  for (int round = 0; round < kRoundsPerStep; ++round) {
    if (done_) return;
    if (!wiring_.faults.empty() && wiring_.faults.stops(wiring_.direction)) return hold();
    if (!write_ready_bytes() || end_when_drained()) return;
    if (end_ != End::none || queue_.full()) return sleep_until_due();
    if (!readable_) {
      sleep_until_due();
      return wait_readable();
    }
    read();
  }
  asio::post(wiring_.context.executor, [this, keep = owner_.lock()] {
    if (keep) step();
  });
}

// Stopped: bytes stay where they are. The wait for more only tells whether there was anything to stop.
void Pump::hold() {
  if (readable_ || !queue_.empty() || end_ != End::none) {
    wiring_.faults.count_stopped(wiring_.direction);
  } else {
    wait_readable();
  }
}

// Whether the step may go on: false when the sink is full, or gone.
bool Pump::write_ready_bytes() {
  if (queue_.empty()) return true;
  const Nanoseconds now = monotonic_now();
  for (auto bytes = queue_.ready(now); !bytes.empty(); bytes = queue_.ready(now)) {
    error_code error;
    const std::size_t sent = wiring_.sink.write_some(asio::buffer(bytes.data(), bytes.size()), error);
    if (error == asio::error::would_block) {
      wait_writable();
      return false;
    }
    if (error) {
      finish(Outcome::sink_gone);
      return false;
    }
    queue_.consume(sent);
  }
  return true;
}

bool Pump::end_when_drained() {
  if (end_ == End::none || !queue_.empty() || end_due_ > monotonic_now()) return false;
  if (end_ == End::finished) {
    error_code ignored;  // the sink may be gone already: then the other direction says so
    wiring_.sink.shutdown(tcp::socket::shutdown_send, ignored);
  }
  finish(end_ == End::reset ? Outcome::source_reset : Outcome::finished);
  return true;
}

void Pump::read() {
  auto& buffer = wiring_.context.buffer;
  error_code error;
  const std::size_t count = wiring_.source.read_some(asio::buffer(buffer), error);
  if (error == asio::error::would_block) {
    readable_ = false;
    return;
  }
  const Nanoseconds now = monotonic_now();
  if (error) {
    end_ = error == asio::error::eof ? End::finished : End::reset;
    end_arrived_ = now;
    end_due_ = now + delay_of(chunks_, now, false);
    return;
  }
  readable_ = count == buffer.size();  // a short read took all there was
  forward(count, now);
}

void Pump::forward(std::size_t count, Nanoseconds now) {
  std::string_view bytes(wiring_.context.buffer.data(), count);
  const std::uint64_t chunk = chunks_++;
  const Nanoseconds delay = delay_of(chunk, now, true);
  if (delay.count() == 0 && queue_.empty()) {
    error_code error;
    const std::size_t sent = wiring_.sink.write_some(asio::buffer(bytes.data(), bytes.size()), error);
    if (error && error != asio::error::would_block) return finish(Outcome::sink_gone);
    bytes.remove_prefix(sent);
  }
  if (!bytes.empty()) queue_.push(bytes, chunk, now, now + delay);
}

void Pump::sleep_until_due() {
  Nanoseconds due = end_due_;
  if (const auto first = queue_.next_due()) {
    due = *first;
  } else if (end_ == End::none) {
    return;
  }
  if (timer_due_ == due) return;  // armed already
  timer_due_ = due;
  timer_.expires_at(std::chrono::steady_clock::time_point(due));
  timer_.async_wait([this, owner = owner_](error_code error) {
    const auto keep = owner.lock();
    if (error || !keep) return;
    timer_due_ = Nanoseconds{0};
    step();
  });
}

void Pump::wait_readable() {
  if (waiting_readable_) return;
  waiting_readable_ = true;
  wiring_.source.async_wait(tcp::socket::wait_read, [this, owner = owner_](error_code error) {
    const auto keep = owner.lock();
    if (!keep) return;
    waiting_readable_ = false;
    if (error) return;
    readable_ = true;
    step();
  });
}

void Pump::wait_writable() {
  if (waiting_writable_) return;
  waiting_writable_ = true;
  wiring_.sink.async_wait(tcp::socket::wait_write, [this, owner = owner_](error_code error) {
    const auto keep = owner.lock();
    if (!keep) return;
    waiting_writable_ = false;
    if (!error) step();
  });
}

void Pump::finish(Outcome outcome) {
  done_ = true;
  outcome_ = outcome;
  timer_.cancel();
  queue_.clear();
  ended_();
}

}  // namespace tidegate::chaos
