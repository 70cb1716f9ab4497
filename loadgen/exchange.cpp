#include "loadgen/exchange.hpp"

#include <algorithm>

#include "loadgen/loop.hpp"

namespace tidegate::loadgen {
namespace {

constexpr std::size_t kShortAnswer = 64 * 1024;  // is read to its end even when memory is short

ErrorClass class_of(Wake wake) {
  return wake == Wake::timeout ? ErrorClass::timeout : ErrorClass::interrupted;
}

/// An open connection that the VU may use, or null.
Connection* reuse(Vu& vu) {
  switch (vu.block.connections) {
    case ConnectionUse::shared:
      return vu.loop.pool().take_idle();
    case ConnectionUse::per_vu:
      return vu.take_own_connection();
    case ConnectionUse::fresh:
      return nullptr;
  }
  return nullptr;
}

/// Waits until the block may connect again; false: that is not before the deadline, or the VU was interrupted.
Task<bool> wait_for_turn(Vu* vu, Nanoseconds deadline, ErrorClass* error) {
  const Nanoseconds turn = vu->loop.player(vu->block.index).reserve_connect(vu->loop.now());
  if (co_await SleepUntil{*vu, std::min(turn, deadline)} == Wake::interrupted) {
    *error = ErrorClass::interrupted;
  } else if (turn > deadline) {
    *error = ErrorClass::timeout;
  }
  co_return *error == ErrorClass::none;
}

/// Connects to the address that worked last, then to the others in turn.
Task<ConnectionLease> connect(Vu* vu, Nanoseconds deadline, Attempt* attempt) {
  ErrorClass* const error = &attempt->error;
  ConnectionPool& pool = vu->loop.pool();
  // A copy: they may be replaced while it connects.
  const std::vector<Address> addresses = pool.addresses();
  const std::size_t count = addresses.size();
  ConnectionLease lease(pool, pool.take_closed(), *vu);
  if (vu->block.connect_rate && !co_await wait_for_turn(vu, deadline, error)) co_return lease;
  attempt->connecting = vu->block.connect_rate ? vu->loop.now() : attempt->started;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t place = (pool.preferred_address + i) % count;
    *error = ErrorClass::none;
    Io io = lease->connect(addresses[place], pool.reactor(), *error);
    while (io == Io::would_block) {
      const Wake wake = co_await WaitIo{*vu, deadline};
      if (wake != Wake::ready) {
        *error = class_of(wake);
        co_return lease;
      }
      io = lease->finish_connect(*error);
    }
    if (io == Io::done) {
      if (lease->fresh()) pool.preferred_address = place;
      co_return lease;
    }
  }
  co_return lease;
}

/// TLS on a new connection, when the pool has it.
Task<void> shake_hands(Vu* vu, Connection* connection, Nanoseconds deadline, ErrorClass* error) {
  Io io = connection->handshake(*error);
  while (io == Io::would_block) {
    const Wake wake = co_await WaitIo{*vu, deadline};
    if (wake != Wake::ready) {
      *error = class_of(wake);
      co_return;
    }
    io = connection->handshake(*error);
  }
}

/// Write, then read: everything between two waits. Fills in the attempt as it goes.
class Talk {
 public:
  Talk(Loop& loop, Attempt& attempt, const ExchangeOptions& options)
      : loop_(loop), attempt_(attempt), connection_(*attempt.connection), rest_(options.bytes) {
    connection_.parser.reset(options.head, options.keep_body);
    connection_.bytes_received = 0;
  }

  /// done: the answer is complete. failed: the attempt has the error.
  Io advance() {
    if (!rest_.empty()) {
      const Io written = write();
      if (written != Io::done || answered_) return written;
    }
    return read();
  }

  void end(const ExchangeOptions& options, Io last) {
    attempt_.ended = loop_.now();
    if (attempt_.sent_at.count() == 0) attempt_.sent_at = attempt_.ended;
    if (attempt_.first_byte.count() == 0) attempt_.first_byte = attempt_.ended;
    attempt_.bytes_sent = options.bytes.size() - rest_.size();
    attempt_.sent = attempt_.bytes_sent > 0;
    attempt_.bytes_received = connection_.bytes_received;
    if (last != Io::done) return;
    attempt_.error = ErrorClass::none;
    if (rest_.empty()) attempt_.connection.set_complete();
  }

 private:
  Io write() {
    const Io written = connection_.write(rest_, attempt_.error);
    if (written == Io::done) {
      attempt_.sent_at = loop_.now();
      return written;
    }
    // A server may refuse a body half-way: its answer counts, the rest of the body does not.
    ErrorClass ignored = ErrorClass::none;
    if (written == Io::failed || connection_.readable()) answered_ = connection_.read(ignored) == Io::done;
    return answered_ ? Io::done : written;
  }

  Io read() {
    if (!connection_.readable()) return Io::would_block;
    const Io got = connection_.read(attempt_.error);
    if (got == Io::would_block && attempt_.first_byte.count() == 0 && connection_.bytes_received > 0) {
      attempt_.first_byte = loop_.now();
    }
    return got;
  }

  Loop& loop_;
  Attempt& attempt_;
  Connection& connection_;
  std::string_view rest_;  // of the request
  bool answered_ = false;  // before all of it was written
};

}  // namespace

Task<void> open_connection(Vu* vu, Nanoseconds deadline, Attempt* attempt) {
  Loop& loop = vu->loop;
  attempt->connection = co_await connect(vu, deadline, attempt);
  attempt->connected_at = loop.now();
  if (attempt->error == ErrorClass::none && loop.pool().tls() != nullptr) {
    co_await shake_hands(vu, &*attempt->connection, deadline, &attempt->error);
    attempt->sending = loop.now();
  } else {
    attempt->sending = attempt->connected_at;
  }
  attempt->connected = attempt->error == ErrorClass::none;
}

Task<Attempt> exchange(Vu* vu, ExchangeOptions options) {
  Loop& loop = vu->loop;
  Attempt attempt;
  attempt.started = attempt.sending = options.started;
  if (Connection* idle = reuse(*vu)) {
    attempt.connection = ConnectionLease(loop.pool(), *idle, *vu);
  } else {
    co_await open_connection(vu, options.deadline, &attempt);
  }
  Talk talk(loop, attempt, options);
  Io io = attempt.error == ErrorClass::none ? talk.advance() : Io::failed;
  while (io == Io::would_block) {
    const Wake wake = co_await WaitIo{*vu, options.deadline};
    if (wake == Wake::ready) {
      io = talk.advance();
      if (io == Io::would_block && loop.memory_short() && attempt.connection->parser.body().size() > kShortAnswer) {
        attempt.error = ErrorClass::memory;
        io = Io::failed;
      }
    } else {
      attempt.error = class_of(wake);
      io = Io::failed;
    }
  }
  talk.end(options, io);
  co_return attempt;
}

}  // namespace tidegate::loadgen
