#pragma once
// The legacy platform's pool of database connections: a fixed number, handed out first come, first served, with a queue
// that nothing limits. A request that waits is neither refused nor told; that is the fault of the case study.

#include <cstddef>
#include <memory>

#include "base/asio.hpp"

namespace tidegate::platform {

/// Used on one loop.
class ConnectionPool {
 public:
  explicit ConnectionPool(std::size_t connections);
  /// Ends waiting: whoever still waits gets nothing, and nothing given back is handed on.
  void close();

  /// One connection, given back at the end of its life.
  class Lease {
   public:
    Lease() = default;
    Lease(Lease&&) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease();
    /// False: the pool was closed.
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
