#pragma once
// One request and its answer on one connection: connect when the pool has none, write, read, all within a deadline.

#include <string_view>
#include <utility>

#include "base/time.hpp"
#include "loadgen/connection.hpp"
#include "loadgen/task.hpp"
#include "loadgen/vu.hpp"

namespace tidegate::loadgen {

/// A connection in use. Gives it back when it goes: for reuse when its answer is complete, else closed.
class ConnectionLease {
 public:
  ConnectionLease() = default;
  ConnectionLease(ConnectionPool& pool, Connection& connection, Vu& user) : pool_(&pool), connection_(&connection) {
    connection.user = &user;
  }
  ConnectionLease(ConnectionLease&& other) noexcept
      : pool_(other.pool_), connection_(std::exchange(other.connection_, nullptr)), complete_(other.complete_) {}
  ConnectionLease& operator=(ConnectionLease&& other) noexcept {
    std::swap(pool_, other.pool_);
    std::swap(connection_, other.connection_);
    std::swap(complete_, other.complete_);
    return *this;
  }
  ~ConnectionLease() {
    if (connection_ == nullptr) return;
    if (!complete_ || !connection_->reusable()) connection_->close();
    pool_->give_back(*connection_);
  }

  void set_complete() noexcept { complete_ = true; }
  Connection* operator->() const noexcept { return connection_; }
  Connection& operator*() const noexcept { return *connection_; }

 private:
  ConnectionPool* pool_ = nullptr;
  Connection* connection_ = nullptr;
  bool complete_ = false;
};

struct Attempt {
  ErrorClass error = ErrorClass::none;  ///< none: an answer is there, whatever it says
  bool sent = false;                    ///< a byte of the request left
  Nanoseconds started{0};               ///< before connecting
  Nanoseconds sending{0}, sent_at{0}, first_byte{0}, ended{0};
  bool connected = false;  ///< a new connection was made: sending - started is its time
  std::size_t bytes_sent = 0, bytes_received = 0;
  ConnectionLease connection;  ///< holds the answer

  int status() const { return error == ErrorClass::none ? connection->parser.status() : 0; }
};

struct ExchangeOptions {
  std::string_view bytes;  ///< must outlive the exchange
  Nanoseconds started{0};  ///< the clock, just read
  Nanoseconds deadline{0};
  bool head = false;  ///< a HEAD request: no body follows
  bool keep_body = false;
};
Task<Attempt> exchange(Vu* vu, ExchangeOptions options);

}  // namespace tidegate::loadgen
