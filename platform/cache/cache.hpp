#pragma once
// What may be forgotten at any time: a cache only ever accelerates. Uniqueness, money and states are the store's.

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "base/asio.hpp"
#include "base/time.hpp"

namespace tidegate::platform {

/// Texts by name, each for a limited time. Awaited, because an implementation may live in another process; used on one
/// loop. An implementation that cannot be reached behaves as an empty one: nothing here returns an error.
class Cache {
 public:
  virtual ~Cache() = default;
  /// Nothing: never put, lapsed, or evicted.
  virtual asio::awaitable<std::optional<std::string>> get(std::string name) = 0;
  /// Replaces. A lifetime of 0 or less puts nothing and forgets what was there.
  virtual asio::awaitable<void> put(std::string name, std::string text, Nanoseconds lifetime) = 0;
  virtual asio::awaitable<void> erase(std::string name) = 0;
  /// Forgets this share of the entries, from 0 to 1, those used last longest; returns how many.
  virtual asio::awaitable<std::size_t> evict(double share) = 0;
  virtual std::size_t size() const = 0;
};

/// In this process: bounded; the entry that was not used for longest leaves first. `clock` outlives it.
std::unique_ptr<Cache> make_process_cache(std::size_t capacity, const Clock& clock = system_clock());

}  // namespace tidegate::platform
