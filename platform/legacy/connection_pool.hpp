#pragma once
// The legacy platform's pool of database connections: a fixed number, handed out first come, first served. A request
// waits for one up to a limit, longer than its caller does: the work that follows is for nobody. That is the fault of
// the case study.

#include <cstddef>
#include <memory>

#include "base/asio.hpp"
#include "base/time.hpp"

namespace tidegate::platform {

/// Used on one loop.
class ConnectionPool {
 public:
  ConnectionPool(std::size_t connections, Nanoseconds limit);
  /// Ends waiting: whoever still waits gets nothing, and nothing given back is handed on.
  void close();

  /// One connection, given back at the end of its life.
  class Lease {
   public:
    Lease() = default;
    Lease(Lease&&) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease();
    /// False: the limit passed, or the pool was closed.
    explicit operator bool() const { return static_cast<bool>(pool_); }

   private:
    friend class ConnectionPool;
    explicit Lease(std::shared_ptr<struct PoolState> pool) : pool_(std::move(pool)) {}
    std::shared_ptr<struct PoolState> pool_;
  };
  asio::awaitable<Lease> take();

  /// For metrics; thread-safe.
  std::size_t in_use() const;
  std::size_t waiting() const;

 private:
  std::shared_ptr<struct PoolState> state_;
};

}  // namespace tidegate::platform
