#include "platform/migrator/migration.hpp"

#include <algorithm>
#include <array>

#include "base/random.hpp"

namespace tidegate::platform {
namespace {

constexpr std::array<std::string_view, 4> kPhases{"backfill", "capturing", "dual-write", "cut-over"};
constexpr std::size_t kShownRanges = 100;

using Lock = std::lock_guard<std::recursive_mutex>;

/// Whether two rows tell the same; versions count writes on each side and are equal after a copy.
bool same(const std::optional<LegacyTransaction>& a, const std::optional<LegacyTransaction>& b) {
  if (!a || !b) return !a && !b;
  return a->to_json() == b->to_json();
}

}  // namespace

std::string_view to_string(MigrationPhase phase) noexcept {
  return kPhases[static_cast<std::size_t>(phase)];
}

SecondWrite drop_a_fifth(SecondWrite write) {
  return [write = std::move(write)](const LegacyTransaction& transaction) -> Result<void> {
    if (stable_hash(std::to_string(transaction.id)) % 5 == 0) return {};
    return write(transaction);
  };
}

Migrations::Migrations(Store& legacy, Store& target, WrapSecondWrite wrap) : legacy_(legacy), target_(target) {
  const auto copy_into = [](Store& store) -> SecondWrite {
    return [&store](const LegacyTransaction& transaction) {
      return store.run([&](Connection& connection) { return copy_transaction(connection, transaction); });
    };
  };
  to_target_ = copy_into(target);
  to_legacy_ = copy_into(legacy);
  if (wrap) to_target_ = wrap(std::move(to_target_));
}

Result<void> Migrations::open() {
  auto legacy = legacy_.reader();
  if (!legacy) return legacy.error();
  auto target = target_.reader();
  if (!target) return target.error();
  legacy_reader_ = std::move(*legacy);
  target_reader_ = std::move(*target);
  const auto phase = read_progress(*target_reader_, "phase");
  if (!phase) return phase.error();
  if (*phase < 0 || *phase > 3) return internal_error("the migration is in a phase that this program does not know");
  phase_ = static_cast<MigrationPhase>(*phase);
  return {};
}

Result<void> Migrations::set_phase(MigrationPhase phase) {
  auto written = target_.run(
      [&](Connection& connection) { return write_progress(connection, "phase", static_cast<std::int64_t>(phase)); });
  if (written) phase_ = phase;
  return written;
}

Result<bool> Migrations::step() {
  const Lock lock(mutex_);
  if (phase_ == MigrationPhase::backfill) {
    const auto copied = step_backfill();
    if (!copied || *copied) return copied;
    if (auto next = set_phase(MigrationPhase::capturing); !next) return next.error();
    return true;
  }
  return phase_ == MigrationPhase::capturing ? step_changes() : Result<bool>(false);
}

Result<bool> Migrations::step_backfill() {
  const auto from = read_progress(*target_reader_, "backfilled");
  if (!from) return from.error();
  const auto rows = read_transactions(*legacy_reader_, *from, 0, kStep);
  if (!rows) return rows.error();
  if (rows->empty()) return false;
  auto copied = target_.run([&](Connection& connection) -> Result<void> {
    for (const LegacyTransaction& row : *rows) {
      if (auto done = copy_transaction(connection, row); !done) return done;
    }
    return write_progress(connection, "backfilled", rows->back().id);
  });
  if (!copied) return copied.error();
  return true;
}

Result<bool> Migrations::step_changes() {
  const auto from = read_progress(*target_reader_, "captured");
  if (!from) return from.error();
  const auto changes = read_changes(*legacy_reader_, *from, kStep);
  if (!changes) return changes.error();
  if (changes->empty()) return false;
  std::set<std::int64_t> ids;
  for (const CapturedChange& change : *changes) ids.insert(change.id);
  auto copied = target_.run([&](Connection& connection) -> Result<void> {
    for (const std::int64_t id : ids) {
      // The row as it is now: later changes of it are noted again, and copy nothing new then.
      auto row = find_transaction(*legacy_reader_, id);
      if (!row) return row.error();
      auto done = *row ? copy_transaction(connection, **row) : delete_transaction(connection, id);
      if (!done) return done;
    }
    return write_progress(connection, "captured", changes->back().sequence);
  });
  if (!copied) return copied.error();
  return true;
}

Result<std::int64_t> Migrations::behind() {
  const auto last = last_change(*legacy_reader_);
  if (!last) return last.error();
  const auto captured = read_progress(*target_reader_, "captured");
  if (!captured) return captured.error();
  return *last - *captured;
}

Result<LegacyTransaction> Migrations::write(LegacyTransaction transaction) {
  const Lock lock(mutex_);
  const bool new_leads = phase_ == MigrationPhase::cut_over;
  Store& leading = new_leads ? target_ : legacy_;
  LegacyTransaction written;
  auto first = leading.run([&](Connection& connection) -> Result<void> {
    auto done = write_transaction(connection, transaction);
    if (!done) return done.error();
    written = std::move(*done);
    return {};
  });
  if (!first) return first.error();
  if (copies()) return written;
  if (auto second = (new_leads ? to_legacy_ : to_target_)(written); !second) {
    ++second_failures_;
    verified_ = false;
  }
  return written;
}

Result<std::optional<LegacyTransaction>> Migrations::read(std::int64_t id) {
  const Lock lock(mutex_);
  auto legacy = find_transaction(*legacy_reader_, id);
  if (!legacy) return legacy;
  if (copies()) return legacy;
  auto target = find_transaction(*target_reader_, id);
  if (!target) return target;
  ++shadow_reads_;
  if (!same(*legacy, *target)) ++shadow_differences_;
  return phase_ == MigrationPhase::cut_over ? target : legacy;
}

Result<void> Migrations::begin_dual_write() {
  const Lock lock(mutex_);
  if (phase_ == MigrationPhase::backfill) return usage_error("the backfill is not finished");
  if (phase_ != MigrationPhase::capturing) return usage_error("it is in the phase " + std::string(to_string(phase_)));
  // Writes wait for this lock, so what is noted now is all there is.
  for (int tries = 0; tries < 100; ++tries) {
    const auto left = behind();
    if (!left) return left.error();
    if (*left == 0) return set_phase(MigrationPhase::dual_write);
    if (auto copied = step_changes(); !copied) return copied.error();
  }
  return usage_error("too many changes are behind; try again in a while");
}

Result<Verification> Migrations::verify() {
  const Lock lock(mutex_);
  if (copies()) return usage_error("there is nothing to verify before the dual write");
  const auto last_legacy = last_transaction(*legacy_reader_);
  if (!last_legacy) return last_legacy.error();
  const auto last_target = last_transaction(*target_reader_);
  if (!last_target) return last_target.error();
  Verification verification;
  verification.ranges = (std::max(*last_legacy, *last_target) + kRange - 1) / kRange;
  for (std::int64_t range = 0; range < verification.ranges; ++range) {
    const auto legacy = checksum_of(*legacy_reader_, range);
    if (!legacy) return legacy.error();
    const auto target = checksum_of(*target_reader_, range);
    if (!target) return target.error();
    if (!(*legacy == *target)) verification.unequal.push_back(range);
  }
  unequal_ = verification.unequal;
  verified_ = unequal_.empty();
  return verification;
}

Result<void> Migrations::repair_range(std::int64_t range) {
  const bool new_leads = phase_ == MigrationPhase::cut_over;
  Connection& leading = new_leads ? *target_reader_ : *legacy_reader_;
  const auto rows = read_transactions(leading, range * kRange, (range + 1) * kRange, kRange);
  if (!rows) return rows.error();
  return (new_leads ? legacy_ : target_).run([&](Connection& connection) -> Result<void> {
    auto cleared = connection.execute("DELETE FROM transactions WHERE id > ?1 AND id <= ?2",
                                      {range * kRange, (range + 1) * kRange});
    if (!cleared) return cleared.error();
    for (const LegacyTransaction& row : *rows) {
      if (auto done = copy_transaction(connection, row); !done) return done;
    }
    return {};
  });
}

Result<std::int64_t> Migrations::repair() {
  const Lock lock(mutex_);
  const std::vector<std::int64_t> ranges = std::exchange(unequal_, {});
  for (const std::int64_t range : ranges) {
    if (auto repaired = repair_range(range); !repaired) return repaired.error();
  }
  return static_cast<std::int64_t>(ranges.size());
}

Result<void> Migrations::cut_over() {
  const Lock lock(mutex_);
  if (phase_ != MigrationPhase::dual_write) return usage_error("it is in the phase " + std::string(to_string(phase_)));
  if (!verified_) return usage_error("the last verification did not find every range equal, or a write was lost since");
  // Once more, now that no write can come between: what was lost silently since then is found here.
  const auto again = verify();
  if (!again) return again.error();
  if (!again->unequal.empty()) {
    return usage_error(std::to_string(again->unequal.size()) + " ranges differ: writes were lost");
  }
  return set_phase(MigrationPhase::cut_over);
}

Result<void> Migrations::roll_back() {
  const Lock lock(mutex_);
  verified_ = false;
  if (phase_ == MigrationPhase::cut_over) return set_phase(MigrationPhase::dual_write);
  if (phase_ == MigrationPhase::dual_write) return set_phase(MigrationPhase::capturing);
  return usage_error("there is nothing to roll back in the phase " + std::string(to_string(phase_)));
}

json::object Migrations::status() {
  const Lock lock(mutex_);
  const auto left = behind();
  const auto last = last_transaction(*legacy_reader_);
  const auto backfilled = read_progress(*target_reader_, "backfilled");
  json::array unequal;
  for (std::size_t i = 0; i < unequal_.size() && i < kShownRanges; ++i) unequal.emplace_back(unequal_[i]);
  return {{"phase", to_string(phase_)},
          {"backfilled_to", backfilled.ok() ? *backfilled : -1},
          {"last_id", last.ok() ? *last : -1},
          {"changes_behind", left.ok() && copies() ? *left : 0},
          {"verified", verified_},
          {"unequal_ranges", unequal_.size()},
          {"unequal", std::move(unequal)},
          {"second_write_failures", second_failures_},
          {"shadow_reads", shadow_reads_},
          {"shadow_differences", shadow_differences_}};
}

}  // namespace tidegate::platform
