#include "platform/outbox/table.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "platform/outbox/outbox.hpp"

namespace tidegate::platform {

std::span<const Migration> outbox_migrations() {
  static constexpr Migration kMigrations[] = {
      {1, R"(
CREATE TABLE outbox_topic (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE outbox_published (stream INTEGER PRIMARY KEY, sequence INTEGER NOT NULL);
)"},
  };
  return kMigrations;
}

namespace outbox {
namespace {

std::string table_of(std::int64_t topic, int partition) {
  return fmt::format("outbox_{}_{}", topic, partition);
}

}  // namespace

Result<std::int64_t> number_of_topic(Connection& connection, const std::string& topic) {
  auto made = connection.execute("INSERT INTO outbox_topic (name) VALUES (?) ON CONFLICT DO NOTHING", {topic});
  if (!made) return made.error();
  std::int64_t number = 0;
  auto found = connection.query("SELECT number FROM outbox_topic WHERE name = ?", {topic}, [&](const Row& row) {
    number = row.integer(0);
    return false;
  });
  if (!found) return found.error();
  if (number < 1 || number > 255) return internal_error(fmt::format("outbox: topic {} has number {}", topic, number));
  for (int partition = 0; partition < kPartitions; ++partition) {
    auto table = connection.execute(
        fmt::format("CREATE TABLE IF NOT EXISTS {} (sequence INTEGER PRIMARY KEY, body TEXT NOT NULL)",
                    table_of(number, partition)),
        {});
    if (!table) return table.error();
  }
  return number;
}

namespace {

/// The number of the row that comes first in that order ("", or "DESC"); 0: there is none.
Result<std::int64_t> end_of(Connection& connection, std::int64_t topic, int partition, const char* order) {
  std::int64_t number = 0;
  auto found = connection.query(
      fmt::format("SELECT sequence FROM {} ORDER BY sequence {} LIMIT 1", table_of(topic, partition), order), {},
      [&](const Row& row) {
        number = row.integer(0);
        return false;
      });
  if (!found) return found.error();
  return number;
}

}  // namespace

Result<std::int64_t> head(Connection& connection, std::int64_t topic, int partition) {
  return end_of(connection, topic, partition, "DESC");
}

Result<std::int64_t> first(Connection& connection, std::int64_t topic, int partition) {
  return end_of(connection, topic, partition, "");
}

std::string insertion(std::int64_t topic, int partition) {
  return fmt::format("INSERT INTO {} VALUES (?, ?)", table_of(topic, partition));
}

Result<void> insert(Connection& connection, const std::string& insertion, std::int64_t sequence,
                    std::string_view body) {
  auto done = connection.execute(insertion, {sequence, body});
  if (!done) return done.error();
  return {};
}

Result<void> read(Connection& connection, std::int64_t topic, int partition, std::int64_t from, std::int64_t limit,
                  const std::function<void(std::int64_t, std::string_view)>& visit) {
  return connection.query(fmt::format("SELECT sequence, body FROM {} WHERE sequence >= ? ORDER BY sequence LIMIT ?",
                                      table_of(topic, partition)),
                          {from, limit}, [&](const Row& row) {
                            visit(row.integer(0), row.text(1));
                            return true;
                          });
}

Result<std::int64_t> delete_up_to(Connection& connection, std::int64_t topic, int partition, std::int64_t sequence,
                                  std::int64_t limit) {
  const auto from = first(connection, topic, partition);
  if (!from) return from.error();
  if (*from == 0 || *from > sequence) return std::int64_t{0};
  return connection.execute(fmt::format("DELETE FROM {} WHERE sequence <= ?", table_of(topic, partition)),
                            {std::min(sequence, *from + limit - 1)});
}

Result<Cursors> published(Connection& connection, std::int64_t topic) {
  Cursors cursors{};
  auto found = connection.query("SELECT stream, sequence FROM outbox_published WHERE stream >= ? AND stream <= ?",
                                {stream_number(topic, 0), stream_number(topic, kPartitions - 1)}, [&](const Row& row) {
                                  const auto partition = row.integer(0) - stream_number(topic, 0);
                                  cursors[static_cast<std::size_t>(partition)] = row.integer(1);
                                  return true;
                                });
  if (!found) return found.error();
  return cursors;
}

Result<void> save_published(Connection& connection, std::int64_t topic, const Cursors& before, const Cursors& now) {
  for (int partition = 0; partition < kPartitions; ++partition) {
    const auto index = static_cast<std::size_t>(partition);
    if (before[index] == now[index]) continue;
    auto saved = connection.execute(
        "INSERT INTO outbox_published VALUES (?, ?) ON CONFLICT DO UPDATE SET sequence = excluded.sequence",
        {stream_number(topic, partition), now[index]});
    if (!saved) return saved.error();
  }
  return {};
}

}  // namespace outbox
}  // namespace tidegate::platform
