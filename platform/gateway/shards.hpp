#pragma once
// The gateway's payments, in one database or several. A merchant's payments are all in one shard, chosen by a hash of
// the merchant; a payment's id says in which. What is not a payment (merchants, keys, settings) is in shard 0.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "platform/gateway/idempotency_keys.hpp"
#include "platform/gateway/keyed_requests.hpp"
#include "platform/gateway/recent_payments.hpp"
#include "platform/gateway/sequence.hpp"
#include "platform/outbox/outbox.hpp"
#include "platform/service/handover.hpp"
#include "platform/store/store.hpp"

namespace tidegate::platform {

/// One database of payments and what belongs to it in memory. Members are used on the service's loop unless their own
/// header says otherwise.
struct Shard {
  Shard(int number_in, asio::any_io_executor loop, std::unique_ptr<Store> store_in,
        std::unique_ptr<Connection> reader_in, std::string topic, Outbox::Partitioner partitioner = partition_of)
      : number(number_in),
        store(std::move(store_in)),
        reader(std::move(reader_in)),
        sequence(number_in),
        after_commits(std::move(loop), call_all),
        outbox(*store, std::move(topic), partitioner) {}

  static void call_all(std::vector<std::function<void()>> calls) {
    for (const auto& call : calls) call();
  }

  const int number;
  const std::unique_ptr<Store> store;
  const std::unique_ptr<Connection> reader;  // of the loop
  CommitSequence sequence;
  RecentPayments recent;
  /// What the loop does after commits, in their order: a payment is known before its first change is.
  Handover<std::function<void()>> after_commits;
  Outbox outbox;
  IdempotencyKeys keys;
  std::unique_ptr<KeyedRequests> keyed;
};

class Shards {
 public:
  static constexpr int kMost = 1 << CommitSequence::kShardBits;

  void add(std::unique_ptr<Shard> shard) { shards_.push_back(std::move(shard)); }
  Shard& of_merchant(std::int64_t merchant) const { return *shards_[index_of_merchant(merchant, shards_.size())]; }
  /// Null: no shard gives out such ids.
  Shard* of_payment(std::int64_t id) const {
    const auto number = static_cast<std::size_t>(CommitSequence::shard_of(id));
    return number < shards_.size() ? shards_[number].get() : nullptr;
  }
  Shard& first() const { return *shards_.front(); }
  auto begin() const { return shards_.begin(); }
  auto end() const { return shards_.end(); }
  std::size_t size() const { return shards_.size(); }

  static std::size_t index_of_merchant(std::int64_t merchant, std::size_t shards);

 private:
  std::vector<std::unique_ptr<Shard>> shards_;
};

}  // namespace tidegate::platform
