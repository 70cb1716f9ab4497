#pragma once
// The rows that are matched, as CSV and as the records of the bucket files. Pure.
//
//   our records      reference,amount,currency,at_ms,merchant
//   the statement    sequence,reference,amount,currency,at_ms

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace tidegate::platform {

enum class Side { ours, statement };

/// The texts point into the line or the buffer they were read from.
struct SettlementRow {
  std::string_view reference, currency, merchant;  ///< merchant: of ours only
  std::int64_t amount = 0;                         ///< minor units
  std::int64_t at_ms = 0;
};

/// One line without its line feed; the error says which column is wrong.
Result<SettlementRow> parse_row(Side side, std::string_view line);

/// [u16 size of reference][u16 of merchant][3 bytes currency][i64 amount][i64 at_ms] and the two texts, little endian.
void append_record(std::string& out, const SettlementRow& row);
/// Takes one record off the front; false when the bytes are used up. An assertion fails for a torn record: bucket files
/// are only read up to where they were checkpointed.
bool take_record(std::string_view& bytes, SettlementRow& row);

}  // namespace tidegate::platform
