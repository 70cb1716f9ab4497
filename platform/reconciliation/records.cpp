#include "platform/reconciliation/records.hpp"

#include <cerrno>
#include <cstdio>
#include <memory>

#include "platform/events/payment_events.hpp"

namespace tidegate::platform {
namespace {

constexpr Migration kMigrations[] = {
    {100,
     "CREATE TABLE records (payment TEXT PRIMARY KEY, merchant TEXT NOT NULL, amount INTEGER NOT NULL, currency TEXT "
     "NOT NULL, reference TEXT NOT NULL, approved_at_ms INTEGER NOT NULL) WITHOUT ROWID"},
    {101,
     "CREATE TABLE runs (id TEXT PRIMARY KEY, status TEXT NOT NULL, from_ms INTEGER NOT NULL, to_ms INTEGER NOT NULL,"
     " stage TEXT NOT NULL, summary TEXT NOT NULL, error TEXT NOT NULL, created_at_ms INTEGER NOT NULL)"},
};

Result<void> done(Result<std::int64_t> changed) {
  if (!changed) return changed.error();
  return {};
}

struct CloseFile {
  void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};

}  // namespace

std::span<const Migration> record_migrations() {
  return kMigrations;
}

Result<void> note_record(Connection& connection, const Envelope& event) {
  if (event.type == event_type::payment_created) {
    auto created = PaymentCreated::from_data(event.data);
    if (!created) return created.error();
    return done(connection.execute(
        "INSERT INTO records (payment, merchant, amount, currency, reference, approved_at_ms) VALUES (?1, ?2, ?3, ?4,"
        " '', 0) ON CONFLICT (payment) DO UPDATE SET amount = ?3, currency = ?4",
        {event.payment, event.tenant, created->amount, created->currency}));
  }
  if (event.type != event_type::acquirer_approved && event.type != event_type::acquirer_authorized) return {};
  auto result = AcquirerResult::from_data(event.data);
  if (!result) return result.error();
  return done(connection.execute(
      "INSERT INTO records (payment, merchant, amount, currency, reference, approved_at_ms) VALUES (?1, ?2, 0, '', ?3,"
      " ?4) ON CONFLICT (payment) DO UPDATE SET reference = ?3, approved_at_ms = ?4",
      {event.payment, event.tenant, result->reference, event.occurred_at_ms}));
}

Result<std::int64_t> write_ours(Connection& reader, std::int64_t from_ms, std::int64_t to_ms, const std::string& path) {
  const std::unique_ptr<std::FILE, CloseFile> file(std::fopen(path.c_str(), "we"));
  if (!file) return system_error("make " + path, errno);
  std::int64_t rows = 0;
  bool whole = std::fputs("reference,amount,currency,at_ms,merchant\n", file.get()) >= 0;
  auto read = reader.query(
      "SELECT reference, amount, currency, approved_at_ms, merchant FROM records"
      " WHERE reference <> '' AND amount > 0 AND approved_at_ms >= ?1 AND approved_at_ms < ?2",
      {from_ms, to_ms}, [&](const Row& row) {
        std::string line(row.text(0));
        line.append(1, ',').append(std::to_string(row.integer(1))).append(1, ',').append(row.text(2));
        line.append(1, ',').append(std::to_string(row.integer(3))).append(1, ',').append(row.text(4)).append(1, '\n');
        whole = whole && std::fwrite(line.data(), 1, line.size(), file.get()) == line.size();
        ++rows;
        return whole;
      });
  if (!read) return read.error();
  if (!whole || std::fflush(file.get()) != 0) return system_error("write " + path, errno);
  return rows;
}

}  // namespace tidegate::platform
