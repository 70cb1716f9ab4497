#include "loadgen/exchange.hpp"

#include "loadgen/loop.hpp"

namespace tidegate::loadgen {
namespace {

ErrorClass class_of(Wake wake) {
  return wake == Wake::timeout ? ErrorClass::timeout : ErrorClass::interrupted;
}

/// Connects to the address that worked last, then to the others in turn.
Task<ConnectionLease> connect(Vu* vu, Nanoseconds deadline, ErrorClass* error) {
  ConnectionPool& pool = vu->loop.pool();
  const std::size_t count = pool.addresses().size();
  ConnectionLease lease(pool, pool.take_closed(), *vu);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t place = (pool.preferred_address + i) % count;
    *error = ErrorClass::none;
    Io io = lease->connect(pool.addresses()[place], pool.reactor(), *error);
    while (io == Io::would_block) {
      const Wake wake = co_await WaitIo{*vu, deadline};
      if (wake != Wake::ready) {
        *error = class_of(wake);
        co_return lease;
      }
      io = lease->finish_connect(*error);
    }
    if (io == Io::done) {
      pool.preferred_address = place;
      co_return lease;
    }
  }
  co_return lease;
}

/// TLS on a new connection, when the pool has it.
Task<void> shake_hands(Vu* vu, Nanoseconds deadline, Attempt* attempt) {
  Connection& connection = *attempt->connection;
  Io io = connection.handshake(attempt->error);
  while (io == Io::would_block) {
    const Wake wake = co_await WaitIo{*vu, deadline};
    if (wake != Wake::ready) {
      attempt->error = class_of(wake);
      co_return;
    }
    io = connection.handshake(attempt->error);
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

Task<Attempt> exchange(Vu* vu, ExchangeOptions options) {
  Loop& loop = vu->loop;
  Attempt attempt;
  attempt.started = attempt.sending = options.started;
  if (Connection* idle = loop.pool().take_idle()) {
    attempt.connection = ConnectionLease(loop.pool(), *idle, *vu);
  } else {
    attempt.connection = co_await connect(vu, options.deadline, &attempt.error);
    attempt.connected_at = loop.now();
    if (attempt.error == ErrorClass::none && loop.pool().tls() != nullptr) {
      co_await shake_hands(vu, options.deadline, &attempt);
    }
    attempt.sending = attempt.error == ErrorClass::none && loop.pool().tls() == nullptr ? attempt.connected_at : loop.now();
    attempt.connected = attempt.error == ErrorClass::none;
  }
  Talk talk(loop, attempt, options);
  Io io = attempt.error == ErrorClass::none ? talk.advance() : Io::failed;
  while (io == Io::would_block) {
    const Wake wake = co_await WaitIo{*vu, options.deadline};
    if (wake == Wake::ready) {
      io = talk.advance();
    } else {
      attempt.error = class_of(wake);
      io = Io::failed;
    }
  }
  talk.end(options, io);
  co_return attempt;
}

}  // namespace tidegate::loadgen
