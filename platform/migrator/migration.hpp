#pragma once
// Moves a legacy database to a new one while both are in use, without losing a write and with a way back.
//
//   backfill -> capturing -> dual-write -> cut-over
//       ^           ^            |  ^         |
//       |           |            +--+---------+ rollback: at any time, in one step
//
//   backfill    rows are copied in order; changes are noted by the legacy database's triggers
//   capturing   the noted changes are copied until nothing is behind
//   dual-write  each write goes to both, the legacy one first and leading
//   cut-over    each write goes to both, the new one first and leading; only after checksums found every range equal
//
// Every step of copying commits together with how far it came, so that a kill loses nothing and repeats nothing harmful
// (a copy never replaces a newer row). Sources: FinPulse (dual write, a flag that dropped 20 % of it silently, rollback
// below two minutes), 1K to 100K (checks at every shard boundary), PayNest (shadow reads).

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

#include "platform/migrator/transaction.hpp"

namespace tidegate::platform {

/// The numbers are stored.
enum class MigrationPhase : std::int64_t { backfill = 0, capturing = 1, dual_write = 2, cut_over = 3 };
std::string_view to_string(MigrationPhase phase) noexcept;

/// The second write of a dual write. The legacy switch dual_write_drop_20 puts one in front that loses a fifth.
using SecondWrite = std::function<Result<void>(const LegacyTransaction&)>;
using WrapSecondWrite = std::function<SecondWrite(SecondWrite)>;

struct Verification {
  std::int64_t ranges = 0;
  std::vector<std::int64_t> unequal;  ///< ranges whose checksums differ
};

/// Calls from any thread; writes, verifications and phase changes exclude each other.
class Migrations {
 public:
  static constexpr std::int64_t kStep = 1'000;  ///< rows copied in one transaction

  /// Both stores outlive it.
  Migrations(Store& legacy, Store& target, WrapSecondWrite wrap = {});
  Result<void> open();

  /// Copies one piece: of the backfill, or of the captured changes. False: there was nothing to copy.
  Result<bool> step();
  /// A client's write. In dual-write a failed second write is counted and repaired by change capture's successor, the
  /// checksums: the first decides what the client is told.
  Result<LegacyTransaction> write(LegacyTransaction transaction);
  /// From the leading database; compared with the other one in the same breath (a shadow read).
  Result<std::optional<LegacyTransaction>> read(std::int64_t id);

  /// An error of kind usage says why not yet: the backfill or the changes are behind.
  Result<void> begin_dual_write();
  Result<Verification> verify();
  /// Copies the unequal ranges of the last verification anew from the leading database; how many.
  Result<std::int64_t> repair();
  /// An error of kind usage unless the last verification found all equal and nothing was lost since.
  Result<void> cut_over();
  /// Back to the legacy database leading; from dual-write, back to capturing.
  Result<void> roll_back();

  json::object status();

 private:
  struct Sides {
    Store& leading;
    Store& second;
  };
  Result<void> set_phase(MigrationPhase phase);
  Result<bool> step_backfill();
  Result<bool> step_changes();
  Result<std::int64_t> behind();
  Result<void> repair_range(std::int64_t range);
  bool copies() const { return phase_ == MigrationPhase::backfill || phase_ == MigrationPhase::capturing; }

  Store& legacy_;
  Store& target_;
  std::unique_ptr<Connection> legacy_reader_, target_reader_;
  std::recursive_mutex mutex_;
  MigrationPhase phase_ = MigrationPhase::backfill;
  SecondWrite to_target_, to_legacy_;
  std::vector<std::int64_t> unequal_;
  bool verified_ = false;
  std::int64_t second_failures_ = 0, shadow_reads_ = 0, shadow_differences_ = 0;
};

/// Every fifth second write is reported as done and was not: what FinPulse's misconfigured flag did.
SecondWrite drop_a_fifth(SecondWrite write);

}  // namespace tidegate::platform
