#include "platform/gateway/commit_point.hpp"

#include <algorithm>

#include "base/time.hpp"
#include "platform/service/await_store.hpp"
#include "platform/service/wall_clock.hpp"

namespace tidegate::platform {
namespace {

std::int64_t newest(const Shards& shards) {
  std::int64_t number = 0;
  for (const auto& shard : shards) number = std::max(number, shard->sequence.last_committed());
  return number;
}

std::int64_t clock_number() {
  return CommitSequence::first_of(wall_now_ms());
}

asio::awaitable<Result<void>> hold_above(Shards& shards, std::int64_t point) {
  for (const auto& shard : shards) {
    Shard* at = shard.get();
    Work work = [at, point](Connection&) -> Result<void> {
      at->sequence.stay_above(point);
      return {};
    };
    if (auto done = co_await commit(*at->store, std::move(work)); !done) co_return done;
  }
  co_return Result<void>();
}

}  // namespace

asio::awaitable<Result<std::int64_t>> commit_point(Shards& shards) {
  if (shards.size() == 1) co_return newest(shards);
  const std::int64_t point = std::max(newest(shards), clock_number());
  if (auto held = co_await hold_above(shards, point); !held) co_return held.error();
  co_return point;
}

asio::awaitable<Result<std::optional<std::int64_t>>> commit_point_again(Shards& shards, std::int64_t point) {
  if (point <= newest(shards)) co_return std::optional<std::int64_t>(point);
  if (shards.size() == 1 || point > clock_number()) co_return std::optional<std::int64_t>();
  if (auto held = co_await hold_above(shards, point); !held) co_return held.error();
  co_return std::optional<std::int64_t>(point);
}

}  // namespace tidegate::platform
