#include "platform/audit_log/log.hpp"

#include "platform/worker/export_page.hpp"

namespace tidegate::platform {
namespace {

constexpr Migration kMigrations[] = {
    {100,
     "CREATE TABLE records (sequence INTEGER PRIMARY KEY, shard INTEGER NOT NULL, number INTEGER NOT NULL, event TEXT "
     "NOT NULL, type TEXT NOT NULL, payment TEXT NOT NULL, at_ms INTEGER NOT NULL, body_hash TEXT NOT NULL, hash TEXT "
     "NOT NULL, UNIQUE (shard, number));"
     "CREATE TABLE roots (sequence INTEGER PRIMARY KEY, shard INTEGER NOT NULL, number INTEGER NOT NULL, hash TEXT NOT "
     "NULL, at_ms INTEGER NOT NULL, signature TEXT NOT NULL);"
     "CREATE INDEX roots_of_shard ON roots (shard, number)"},
    {101,
     "CREATE TRIGGER records_stay BEFORE UPDATE ON records BEGIN SELECT RAISE(ABORT, 'append-only'); END;"
     "CREATE TRIGGER records_remain BEFORE DELETE ON records BEGIN SELECT RAISE(ABORT, 'append-only'); END;"
     "CREATE TRIGGER roots_stay BEFORE UPDATE ON roots BEGIN SELECT RAISE(ABORT, 'append-only'); END;"
     "CREATE TRIGGER roots_remain BEFORE DELETE ON roots BEGIN SELECT RAISE(ABORT, 'append-only'); END"},
};

struct Head {
  std::int64_t index = 0;
  std::string hash = first_hash();
};

Result<Head> head_of(Connection& connection, int shard) {
  Head head;
  auto read = connection.query("SELECT number, hash FROM records WHERE shard = ?1 ORDER BY number DESC LIMIT 1",
                               {shard}, [&](const Row& row) {
                                 head = {row.integer(0), std::string(row.text(1))};
                                 return false;
                               });
  if (!read) return read.error();
  return head;
}

AuditRecord record_from(const Row& row) {
  AuditRecord record;
  record.sequence = row.integer(0);
  record.shard = static_cast<int>(row.integer(1));
  record.index = row.integer(2);
  record.event = row.text(3);
  record.type = row.text(4);
  record.payment = row.text(5);
  record.at_ms = row.integer(6);
  record.body_hash = row.text(7);
  record.hash = row.text(8);
  return record;
}

AuditRoot root_from(const Row& row) {
  return {static_cast<int>(row.integer(1)), row.integer(2), std::string(row.text(3)), row.integer(4),
          std::string(row.text(5))};
}

}  // namespace

std::span<const Migration> audit_log_migrations() {
  return kMigrations;
}

Result<void> append_record(Connection& connection, const Envelope& event) {
  AuditRecord record;
  record.shard = audit_shard_of(event.payment);
  const auto head = head_of(connection, record.shard);
  if (!head) return head.error();
  record.index = head->index + 1;
  record.event = event.id;
  record.type = event.type;
  record.payment = event.payment;
  record.at_ms = event.occurred_at_ms;
  record.body_hash = sha256_hex(event.encode());
  record.hash = chained_hash(head->hash, record);
  auto inserted = connection.execute(
      "INSERT INTO records (shard, number, event, type, payment, at_ms, body_hash, hash)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
      {record.shard, record.index, record.event, record.type, record.payment, record.at_ms, record.body_hash,
       record.hash});
  if (!inserted) return inserted.error();
  return {};
}

Result<std::vector<AuditRoot>> sign_heads(Connection& connection, const SigningKey& key, std::int64_t at_ms) {
  std::vector<AuditRoot> roots;
  for (int shard = 0; shard < kAuditShards; ++shard) {
    const auto head = head_of(connection, shard);
    if (!head) return head.error();
    std::int64_t signed_index = 0;
    auto read =
        connection.query("SELECT coalesce(max(number), 0) FROM roots WHERE shard = ?1", {shard}, [&](const Row& row) {
          signed_index = row.integer(0);
          return false;
        });
    if (!read) return read.error();
    if (head->index <= signed_index) continue;
    AuditRoot root{shard, head->index, head->hash, at_ms, {}};
    root.signature = key.sign(root.signed_text());
    auto inserted =
        connection.execute("INSERT INTO roots (shard, number, hash, at_ms, signature) VALUES (?1, ?2, ?3, ?4, ?5)",
                           {root.shard, root.index, root.hash, root.at_ms, root.signature});
    if (!inserted) return inserted.error();
    roots.push_back(std::move(root));
  }
  return roots;
}

#define RECORD_COLUMNS "sequence, shard, number, event, type, payment, at_ms, body_hash, hash"
#define ROOT_COLUMNS "sequence, shard, number, hash, at_ms, signature"

Result<json::array> read_records(Connection& reader, std::int64_t after, std::int64_t as_of, std::int64_t limit,
                                 std::int64_t& last) {
  json::array items;
  auto read = reader.query("SELECT " RECORD_COLUMNS
                           " FROM records WHERE sequence > ?1 AND sequence <= ?2 ORDER BY sequence LIMIT ?3",
                           {after, as_of, limit}, [&](const Row& row) {
                             last = row.integer(0);
                             items.push_back(record_from(row).to_json());
                             return true;
                           });
  if (!read) return read.error();
  return items;
}

Result<std::int64_t> last_record(Connection& reader) {
  return last_sequence_of(reader, "SELECT coalesce(max(sequence), 0) FROM records");
}

Result<json::array> read_roots(Connection& reader, std::int64_t after, std::int64_t as_of, std::int64_t limit,
                               std::int64_t& last) {
  json::array items;
  auto read = reader.query("SELECT " ROOT_COLUMNS
                           " FROM roots WHERE sequence > ?1 AND sequence <= ?2 ORDER BY sequence LIMIT ?3",
                           {after, as_of, limit}, [&](const Row& row) {
                             last = row.integer(0);
                             items.push_back(root_from(row).to_json());
                             return true;
                           });
  if (!read) return read.error();
  return items;
}

Result<std::int64_t> last_root(Connection& reader) {
  return last_sequence_of(reader, "SELECT coalesce(max(sequence), 0) FROM roots");
}

Result<ChainVerifier> verify_log(Connection& reader, const std::string& public_key) {
  ChainVerifier verifier(public_key);
  auto records = reader.query("SELECT " RECORD_COLUMNS " FROM records ORDER BY sequence", {}, [&](const Row& row) {
    verifier.add(record_from(row));
    return true;
  });
  if (!records) return records.error();
  auto roots = reader.query("SELECT " ROOT_COLUMNS " FROM roots ORDER BY sequence", {}, [&](const Row& row) {
    verifier.add(root_from(row));
    return true;
  });
  if (!roots) return roots.error();
  return verifier;
}

}  // namespace tidegate::platform
