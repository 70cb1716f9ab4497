#pragma once
// One request and its answer on one connection: connect when the pool has none, write, read, all within a deadline.

#include <memory>
#include <string_view>
#include <utility>

#include "base/time.hpp"
#include "loadgen/connection.hpp"
#include "loadgen/task.hpp"
#include "loadgen/vu.hpp"

namespace tidegate::loadgen {

/// A connection in use. Gives it back when it goes, to the loop or to its VU: for reuse when its answer is complete,
/// else closed.
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
    Vu& user = *connection_->user;
    const bool again = complete_ && connection_->reusable() && user.block.connections != ConnectionUse::fresh;
    if (!again) connection_->close();
    if (again && user.block.connections == ConnectionUse::per_vu) {
      user.keep_own_connection(*connection_);
    } else {
      pool_->give_back(*connection_);
    }
  }

  void set_complete() noexcept { complete_ = true; }
  Connection* operator->() const noexcept { return connection_; }
  Connection& operator*() const noexcept { return *connection_; }

 private:
  ConnectionPool* pool_ = nullptr;
  Connection* connection_ = nullptr;
  bool complete_ = false;
};

/// An answer that another transport than the engine's own connections brought.
struct Reply {
  int status = 0;
  http::Headers headers;
  std::string body;
};

struct Attempt {
  ErrorClass error = ErrorClass::none;  ///< none: an answer is there, whatever it says
  bool sent = false;                    ///< a byte of the request left
  Nanoseconds started{0};               ///< before connecting
  Nanoseconds connecting{0};            ///< of a new connection: when it was its turn to connect
  Nanoseconds connected_at{0};          ///< the same: before TLS
  Nanoseconds sending{0}, sent_at{0}, first_byte{0}, ended{0};
  bool connected = false;  ///< a new connection was made, which was ready at `sending`
  std::size_t bytes_sent = 0, bytes_received = 0;
  ConnectionLease connection;    ///< holds the answer
  std::unique_ptr<Reply> reply;  ///< or this does

  int status() const {
    if (error != ErrorClass::none) return 0;
    return reply ? reply->status : connection->parser.status();
  }
};

struct ExchangeOptions {
  std::string_view bytes;  ///< must outlive the exchange
  Nanoseconds started{0};  ///< the clock, just read
  Nanoseconds deadline{0};
  bool head = false;  ///< a HEAD request: no body follows
  bool keep_body = false;
};
/// A new connection to the plan's address, with TLS where that is https, ready to send on; or the attempt's error.
Task<void> open_connection(Vu* vu, Nanoseconds deadline, Attempt* attempt);
Task<Attempt> exchange(Vu* vu, ExchangeOptions options);

}  // namespace tidegate::loadgen
