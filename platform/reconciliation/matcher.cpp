#include "platform/reconciliation/matcher.hpp"

#include <cstdlib>
#include <vector>

#include "base/random.hpp"

namespace tidegate::platform {
namespace {

constexpr std::array<std::string_view, kMatches> kNames{"matched",   "late",    "amount-mismatch",
                                                        "duplicate", "missing", "unexpected"};

/// Open addressing over the records of our side: 16 bytes a slot, no allocation per row.
class References {
 public:
  explicit References(std::size_t rows) {
    std::size_t size = 16;
    while (size < rows * 2) size *= 2;
    slots_.resize(size);
  }

  struct Slot {
    std::uint64_t hash = 0;
    std::uint32_t row = 0;  // number from 1; 0: empty
  };
  /// The slot of the reference, or the empty one where it belongs.
  template <typename IsIt>
  Slot& find(std::uint64_t hash, const IsIt& is_it) {
    std::size_t at = hash & (slots_.size() - 1);
    while (slots_[at].row != 0 && !(slots_[at].hash == hash && is_it(slots_[at].row))) {
      at = (at + 1) & (slots_.size() - 1);
    }
    return slots_[at];
  }

 private:
  std::vector<Slot> slots_;
};

struct Ours {
  SettlementRow row;
  bool seen = false;
};

Result<void> add_to(Net& net, const Net& more, AddUp add_up) {
  net.rows += more.rows;
  net.control += more.control;
  if (!add_up(net.amount, more.amount)) return internal_error("a merchant's sum overflows");
  return {};
}

}  // namespace

std::string_view to_string(Match match) noexcept {
  return kNames[static_cast<std::size_t>(match)];
}

bool add_exactly(std::int64_t& total, std::int64_t amount) {
  return !__builtin_add_overflow(total, amount, &total);
}

std::int64_t Tally::drift() const {
  std::int64_t sum = 0;
  for (const auto& [name, net] : nets) {
    sum += std::abs(static_cast<std::int64_t>(static_cast<std::uint64_t>(net.amount) - net.control));
  }
  return sum;
}

Result<void> Tally::add(const Tally& other, AddUp add_up) {
  for (std::size_t i = 0; i < kMatches; ++i) rows[i] += other.rows[i];
  for (const auto& [name, net] : other.nets) {
    if (auto added = add_to(nets[name], net, add_up); !added) return added;
  }
  return {};
}

Result<Tally> match_bucket(std::string_view ours, std::string_view statement, const Differ& differ, AddUp add_up) {
  Tally tally;
  const auto note = [&](Match match, const SettlementRow& row, const SettlementRow* other) {
    tally.rows[static_cast<std::size_t>(match)] += 1;
    if (match != Match::matched) differ(match, row, other);
  };
  std::vector<Ours> rows;
  SettlementRow row;
  while (take_record(ours, row)) rows.push_back({row});
  References references(rows.size());
  for (std::uint32_t number = 1; number <= rows.size(); ++number) {
    const SettlementRow& mine = rows[number - 1].row;
    const std::uint64_t hash = stable_hash(mine.reference);
    auto& slot = references.find(hash, [&](std::uint32_t at) { return rows[at - 1].row.reference == mine.reference; });
    if (slot.row != 0) {
      rows[number - 1].seen = true;
      note(Match::duplicate, mine, &rows[slot.row - 1].row);
      continue;
    }
    slot = {hash, number};
  }
  while (take_record(statement, row)) {
    const auto& slot = references.find(stable_hash(row.reference),
                                       [&](std::uint32_t at) { return rows[at - 1].row.reference == row.reference; });
    if (slot.row == 0) {
      note(Match::unexpected, row, nullptr);
      continue;
    }
    Ours& mine = rows[slot.row - 1];
    if (std::exchange(mine.seen, true)) {
      note(Match::duplicate, row, &mine.row);
    } else if (mine.row.amount != row.amount || mine.row.currency != row.currency) {
      note(Match::amount_mismatch, row, &mine.row);
    } else {
      const bool late = std::abs(mine.row.at_ms - row.at_ms) > kMatchWithinMs;
      note(late ? Match::late : Match::matched, row, &mine.row);
      Net& net = tally.nets[{std::string(mine.row.merchant), std::string(mine.row.currency)}];
      if (auto added = add_to(net, {1, row.amount, static_cast<std::uint64_t>(row.amount)}, add_up); !added) {
        return added.error();
      }
    }
  }
  for (const Ours& mine : rows) {
    if (!mine.seen) note(Match::missing, mine.row, nullptr);
  }
  return tally;
}

}  // namespace tidegate::platform
