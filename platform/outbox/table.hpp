#pragma once
// The statements on the outbox's tables. Private to platform/outbox.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "platform/outbox/positions.hpp"
#include "platform/store/store.hpp"

namespace tidegate::platform::outbox {

/// The number of a topic in this database, given out at its first mention.
Result<std::int64_t> number_of_topic(Connection& connection, const std::string& topic);

/// The last sequence of a stream; 0 when it is empty.
Result<std::int64_t> head(Connection& connection, std::int64_t topic, int partition);

Result<void> insert(Connection& connection, std::int64_t position, std::string_view body);

/// Events from a sequence on, ascending, at most `limit`; `visit` gets the sequence and the encoded envelope.
Result<void> read(Connection& connection, std::int64_t topic, int partition, std::int64_t from, std::int64_t limit,
                  const std::function<void(std::int64_t, std::string_view)>& visit);

/// Deletes the oldest events of a stream up to a sequence, at most `limit`; returns how many. The caller keeps the last
/// one.
Result<std::int64_t> delete_up_to(Connection& connection, std::int64_t topic, int partition, std::int64_t sequence,
                                  std::int64_t limit);

/// Up to where the broker has acknowledged each stream: where the relay begins after a restart, and nothing more.
Result<Cursors> published(Connection& connection, std::int64_t topic);
Result<void> save_published(Connection& connection, std::int64_t topic, const Cursors& before, const Cursors& now);

}  // namespace tidegate::platform::outbox
