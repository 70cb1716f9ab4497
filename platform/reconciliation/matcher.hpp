#pragma once
// Matches one bucket: both sides' rows with references of the same hash range. Pure.

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "platform/reconciliation/rows.hpp"

namespace tidegate::platform {

enum class Match {
  matched,          ///< reference, amount and currency agree, and the times within 30 minutes
  late,             ///< the same, but the times are further apart
  amount_mismatch,  ///< the reference is known, the amount or the currency differs
  duplicate,        ///< a further row of a reference that the statement had already
  missing,          ///< ours, and not on the statement
  unexpected,       ///< on the statement, and not ours
};
inline constexpr std::size_t kMatches = 6;
std::string_view to_string(Match match) noexcept;

inline constexpr std::int64_t kMatchWithinMs = std::int64_t{30} * 60 * 1000;

/// What a merchant is to get in one currency: exact sums of what matched, in or out of time.
struct Net {
  std::int64_t rows = 0;
  std::int64_t amount = 0;
  std::uint64_t control = 0;  ///< the same sum modulo 2^64, added up by itself
};
using Nets = std::map<std::pair<std::string, std::string>, Net>;  // by merchant and currency

/// Adds to a total; false: it does not fit.
using AddUp = bool (*)(std::int64_t& total, std::int64_t amount);
bool add_exactly(std::int64_t& total, std::int64_t amount);

struct Tally {
  std::array<std::int64_t, kMatches> rows{};
  Nets nets;

  std::int64_t of(Match match) const { return rows[static_cast<std::size_t>(match)]; }
  /// An error when a sum does not fit 64 bits.
  Result<void> add(const Tally& other, AddUp add_up = add_exactly);
  /// By how much the nets differ from their control sums, all of them together: 0, or the settlement is wrong.
  std::int64_t drift() const;
};

/// Told of every row that did not simply match; `other` is the other side's row where there is one.
using Differ = std::function<void(Match, const SettlementRow& row, const SettlementRow* other)>;

/// `ours` and `statement` are runs of records. Of several rows of ours with one reference, the first counts and the
/// others are duplicates too.
Result<Tally> match_bucket(std::string_view ours, std::string_view statement, const Differ& differ,
                           AddUp add_up = add_exactly);

}  // namespace tidegate::platform
