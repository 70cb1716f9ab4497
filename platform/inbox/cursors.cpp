#include "platform/inbox/cursors.hpp"

namespace tidegate::platform {
namespace {

constexpr Migration kMigrations[] = {
    {10, "CREATE TABLE inbox_streams (stream TEXT PRIMARY KEY, applied INTEGER NOT NULL) WITHOUT ROWID"},
};

std::string stream_text(const InboxOptions& options, int partition) {
  return StreamId{options.producer, options.topic, partition}.text();
}

Result<void> load(Connection& connection, const InboxOptions& options, std::map<int, std::int64_t>& applied) {
  for (int partition = options.worker_index; partition < kPartitions; partition += options.workers) {
    const std::string stream = stream_text(options, partition);
    auto made = connection.execute("INSERT OR IGNORE INTO inbox_streams (stream, applied) VALUES (?1, 0)", {stream});
    if (!made) return made.error();
    auto read = connection.query("SELECT applied FROM inbox_streams WHERE stream = ?1", {stream}, [&](const Row& row) {
      applied[partition] = row.integer(0);
      return false;
    });
    if (!read) return read;
  }
  return {};
}

}  // namespace

std::span<const Migration> inbox_migrations() {
  return kMigrations;
}

Result<std::map<int, std::int64_t>> open_cursors(Store& store, const InboxOptions& options) {
  std::map<int, std::int64_t> applied;
  auto loaded = store.run([&](Connection& connection) { return load(connection, options, applied); });
  if (!loaded) return loaded.error();
  return applied;
}

Result<void> move_cursor(Connection& connection, const StreamId& stream, std::int64_t before, std::int64_t after) {
  const std::string text = stream.text();
  auto moved = connection.execute("UPDATE inbox_streams SET applied = ?2 WHERE stream = ?1 AND applied = ?3",
                                  {text, after, before});
  if (!moved) return moved.error();
  if (*moved != 1) return internal_error("the cursor of " + text + " was moved by somebody else");
  return {};
}

Result<std::vector<AppliedStream>> read_applied(Connection& reader) {
  std::vector<AppliedStream> streams;
  auto read = reader.query("SELECT stream, applied FROM inbox_streams ORDER BY stream", {}, [&](const Row& row) {
    streams.push_back({std::string(row.text(0)), row.integer(1)});
    return true;
  });
  if (!read) return read.error();
  return streams;
}

}  // namespace tidegate::platform
