#pragma once
// The rows that are moved, and the two databases that hold them.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "platform/store/store.hpp"

namespace tidegate::platform {

struct LegacyTransaction {
  std::int64_t id = 0;
  std::string merchant = {}, currency = {}, status = {};
  std::int64_t amount = 0;
  std::int64_t version = 0;  ///< grows with every write of the row: a copy never replaces a newer one

  /// From {id, merchant, amount, currency, status}; the version is the database's.
  static Result<LegacyTransaction> from_request(const json::object& body);
  json::object to_json() const;
};

/// The legacy database: the table, and triggers that note every change (change capture).
std::span<const Migration> legacy_migrations();
/// The new one: the table, and how far each way of copying has come.
std::span<const Migration> target_migrations();

Result<std::optional<LegacyTransaction>> find_transaction(Connection& connection, std::int64_t id);
/// Ascending, after < id <= to (0: no end), at most `limit`.
Result<std::vector<LegacyTransaction>> read_transactions(Connection& connection, std::int64_t after, std::int64_t to,
                                                         std::int64_t limit);
/// A write by a client: the next version of the row, which is returned.
Result<LegacyTransaction> write_transaction(Connection& connection, LegacyTransaction transaction);
/// A copy: only when it is newer than what is there.
Result<void> copy_transaction(Connection& connection, const LegacyTransaction& transaction);
Result<void> delete_transaction(Connection& connection, std::int64_t id);
Result<std::int64_t> last_transaction(Connection& connection);

struct CapturedChange {
  std::int64_t sequence = 0, id = 0;
};
Result<std::vector<CapturedChange>> read_changes(Connection& legacy, std::int64_t after, std::int64_t limit);
Result<std::int64_t> last_change(Connection& legacy);

/// "backfilled", "captured", "phase", ...: numbers in the target, moved in the transaction of what they stand for.
Result<std::int64_t> read_progress(Connection& target, std::string_view name);
Result<void> write_progress(Connection& target, std::string_view name, std::int64_t value);

/// A range's rows in one number: their count and an order-free sum of their hashes.
struct RangeChecksum {
  std::int64_t rows = 0;
  std::uint64_t sum = 0;
  bool operator==(const RangeChecksum&) const = default;
};
inline constexpr std::int64_t kRange = 1024;  ///< ids between two boundaries
Result<RangeChecksum> checksum_of(Connection& connection, std::int64_t range);

}  // namespace tidegate::platform
