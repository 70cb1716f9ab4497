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

/// Writes what is left; reads an answer that comes before the end of the request. done: written, or answered.
struct Writing {
  std::string_view rest;
  bool answered = false;
};

Io write_some(Connection& connection, Writing& writing, ErrorClass& error) {
  Io io = connection.write(writing.rest, error);
  if (io == Io::done) return io;
  // A server may refuse a body half-way: its answer counts, the rest of the body does not.
  ErrorClass ignored = ErrorClass::none;
  if (io == Io::failed || connection.readable()) {
    writing.answered = connection.read(ignored) == Io::done;
  }
  return writing.answered ? Io::done : io;
}

}  // namespace

Task<Attempt> exchange(Vu* vu, ExchangeOptions options) {
  Loop& loop = vu->loop;
  Attempt attempt;
  attempt.started = attempt.sending = options.started;
  if (Connection* idle = loop.pool().take_idle()) {
    attempt.connection = ConnectionLease(loop.pool(), *idle, *vu);
  } else {
    attempt.connection = co_await connect(vu, options.deadline, &attempt.error);
    attempt.sending = loop.now();
    attempt.connected = attempt.error == ErrorClass::none;
  }
  Connection& connection = *attempt.connection;
  connection.parser.reset(options.head, options.keep_body);
  connection.bytes_received = 0;
  Writing writing{options.bytes, false};
  Io io = attempt.error == ErrorClass::none ? write_some(connection, writing, attempt.error) : Io::failed;
  while (io == Io::would_block) {
    const Wake wake = co_await WaitIo{*vu, options.deadline};
    if (wake != Wake::ready) attempt.error = class_of(wake);
    io = wake == Wake::ready ? write_some(connection, writing, attempt.error) : Io::failed;
  }
  attempt.sent_at = loop.now();
  attempt.bytes_sent = options.bytes.size() - writing.rest.size();
  attempt.sent = attempt.bytes_sent > 0;
  if (io == Io::done && !writing.answered) io = Io::would_block;
  while (io == Io::would_block) {
    if (!connection.readable()) {
      const Wake wake = co_await WaitIo{*vu, options.deadline};
      if (wake != Wake::ready) {
        attempt.error = class_of(wake);
        break;
      }
      continue;
    }
    io = connection.read(attempt.error);
    if (io == Io::would_block && attempt.first_byte.count() == 0 && connection.bytes_received > 0) {
      attempt.first_byte = loop.now();
    }
  }
  attempt.ended = loop.now();
  if (attempt.first_byte.count() == 0) attempt.first_byte = attempt.ended;
  attempt.bytes_received = connection.bytes_received;
  if (io == Io::done && writing.rest.empty()) attempt.connection.set_complete();
  if (io == Io::done) attempt.error = ErrorClass::none;
  co_return attempt;
}

}  // namespace tidegate::loadgen
