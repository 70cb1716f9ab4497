#pragma once
// The statements on the outbox's tables. Private to platform/outbox.
//
// A table for each stream, outbox_TOPIC_PARTITION, by sequence: it only grows at its end, where SQLite appends without
// balancing pages and fills each to its end. In one table for all, streams grow at as many places in its middle: 2.2
// times the bytes written and 1.6 times the CPU (2,000 commits of 100 events of 360 bytes in 20 streams: 4,367 to 2,008
// bytes, 6.8 to 4.1 us an event).

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "platform/outbox/positions.hpp"
#include "platform/store/store.hpp"

namespace tidegate::platform::outbox {

/// The number of a topic in this database, given out at its first mention; makes its tables.
Result<std::int64_t> number_of_topic(Connection& connection, const std::string& topic);

/// The last sequence of a stream; 0 when it is empty.
Result<std::int64_t> head(Connection& connection, std::int64_t topic, int partition);
/// The number of the oldest event that is still there, 0 when there is none.
Result<std::int64_t> first(Connection& connection, std::int64_t topic, int partition);

/// For `insert`: its text, made once.
std::string insertion(std::int64_t topic, int partition);
Result<void> insert(Connection& connection, const std::string& insertion, std::int64_t sequence, std::string_view body);

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
