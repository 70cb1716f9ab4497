#pragma once
// "As of now", over one database or several: a number such that everything committed up to it can be read, and nothing
// will ever be committed below it.

#include <optional>

#include "base/asio.hpp"
#include "base/result.hpp"
#include "platform/gateway/shards.hpp"

namespace tidegate::platform {

/// With one shard: its last commit. With several, a number above all of them, which every shard's writer is told to
/// stay above first (a snapshot by logical clocks: Lamport, CACM 21 (7), 1978).
asio::awaitable<Result<std::int64_t>> commit_point(Shards& shards);
/// The same for a point that an earlier answer named, also by a process before this one. Nothing: it lies in the
/// future.
asio::awaitable<Result<std::optional<std::int64_t>>> commit_point_again(Shards& shards, std::int64_t point);

}  // namespace tidegate::platform
