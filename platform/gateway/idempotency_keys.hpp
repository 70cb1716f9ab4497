#pragma once
// Idempotency keys as a shard stores them. Clients' keys are random: in a tree of their order each new one dirties a
// page of its own, which was half of all pages that the gateway wrote. So they are merged into their tree late, many at
// once (O'Neil et al., "The Log-Structured Merge-Tree", 1996):
//
//   write -> [ results, appended, numbered ] + [ young, in memory: hash -> number ]
//   tidy  -> the young ones, a generation at once and sorted -> [ index: (hash, number) ]
//   find  -> young, then index -> the result by its number, whose key is compared
//
// Nothing hangs on the memory: what is not in the index yet is read again at the start. An entry without its result,
// in memory or in the index, means nothing.

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "platform/gateway/idempotency.hpp"
#include "platform/store/store.hpp"

namespace tidegate::platform {

/// A key within its scope.
struct KeyName {
  std::int64_t merchant = 0;
  KeyedRoute route = KeyedRoute::create_payment;
  std::string_view key;
};

/// Keys that are not in the index yet, by the leading bits of their hash: bucket after bucket they come in the index's
/// order. To sort a generation at once, and to throw it away, held up the writer for 50 to 150 ms. Not thread-safe.
class YoungKeys {
 public:
  using Entry = std::pair<std::int64_t, std::int64_t>;  // hash, number
  static constexpr std::size_t kBuckets = 4096;         ///< 32 keys of a generation in each

  std::size_t size() const { return size_; }
  void add(const Entry& entry);
  void add_numbers(std::int64_t hash, std::vector<std::int64_t>& numbers) const;
  /// From bucket `begin` on, whole ones, until there are so many; moves `begin` behind the last.
  std::vector<Entry> sorted(std::size_t& begin, std::size_t at_least) const;
  /// Those buckets' memory is kept for the next ones.
  void remove(std::size_t begin, std::size_t end);

 private:
  std::array<std::vector<Entry>, kBuckets> buckets_;
  std::size_t size_ = 0;
};

class IdempotencyKeys {
 public:
  /// As many young keys become one generation: 2 to 4 MiB of memory, at most two of them but for a moment. Merged into
  /// an index of three million keys, six share a page.
  static constexpr std::size_t kGeneration = 131'072;

  explicit IdempotencyKeys(std::size_t generation = kGeneration) : generation_(generation) {}

  /// Once, before anything else, from a store whose last owner is gone.
  Result<void> load(Connection& connection);

  /// What the key stands for; nothing as well when it was seen before `oldest_ms`: it has lapsed. On any thread, with
  /// its own connection: what that one sees is what counts.
  Result<std::optional<IdempotencyKey>> find(Connection& connection, const KeyName& name, std::int64_t oldest_ms) const;
  /// In a unit of work, where find() said that there is nothing.
  Result<void> write(Connection& connection, const KeyName& name, const IdempotencyKey& meaning);

  /// One small step of the upkeep, in a unit of work: forgets lapsed keys and merges young ones into the index. No
  /// other step begins before this one's unit has ended.
  Result<void> tidy(Connection& connection, std::int64_t oldest_ms);
  /// On the writer thread, after the commit of a step: it counts.
  void tidied();

  /// Keys that are not in the index. Thread-safe.
  std::size_t young() const;

 private:
  using Entry = YoungKeys::Entry;

  /// Where the walk through the index is that drops entries of forgotten results.
  struct Walk {
    bool under_way = false;
    Entry after;
    std::int64_t below = 0;    // it drops what has a lower number
    std::int64_t dropped = 1;  // no entry has a lower number: earlier walks dropped them
  };
  /// What a step leaves behind, once it is committed.
  struct Step {
    std::int64_t first = 0;
    Walk walk;
    std::size_t merged = 0;  ///< buckets
  };

  Result<void> forget_lapsed(Connection& connection, std::int64_t oldest_ms, Step& step) const;
  Result<void> drop_entries(Connection& connection, Step& step) const;
  Result<void> merge_young(Connection& connection, Step& step);
  void begin_generation(Step& step);
  std::vector<std::int64_t> young_numbers(std::int64_t hash) const;

  const std::size_t generation_;

  // The writer thread's.
  std::int64_t last_ = 0;   // the highest number taken; none is taken twice, also when its unit was undone
  std::int64_t first_ = 0;  // results below are forgotten
  std::int64_t merging_to_ = 0;
  std::size_t merged_at_once_ = 0;
  std::size_t merged_ = 0;  // buckets of merging_ that are in the index
  Walk walk_;
  Step step_;

  mutable std::mutex mutex_;  // of what find() reads on other threads
  YoungKeys filling_;         // by the writer thread
  YoungKeys merging_;         // empty: no generation is being merged
};

}  // namespace tidegate::platform
