#pragma once
// The system's own account, as it was exported, and the history beside it: what checkers look at. Small enough to be
// read in one sitting, and sharing no code with the platform.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "audit/history.hpp"
#include "base/json.hpp"
#include "base/result.hpp"
#include "record/run.hpp"

namespace tidegate::audit {

struct Payment {
  std::string id, tenant, key, currency, status;
  std::uint64_t scope = 0;
  std::int64_t amount = 0;
};

struct Charge {
  std::string reference, client_key, merchant, currency, status;
  std::int64_t amount = 0;
};

struct Entry {
  std::int64_t sequence = 0;
  std::string transfer, payment, kind, account, currency;
  bool debit = false;
  std::int64_t amount = 0;
};

struct Truth {
  std::vector<Payment> payments;        ///< in commit order, read before the bank and the ledger
  std::vector<Payment> payments_after;  ///< the same, read after them; differs when the system had not drained
  std::vector<Charge> charges;          ///< the bank's statement, in its order
  std::vector<Entry> entries;           ///< in the order of postings
  /// Which exports could not be read, with the reason; a checker that needs one says unknown.
  std::map<std::string, std::string> broken;
};

/// Never fails as a whole: what is missing or malformed is in `broken`.
Truth read_truth_of(const record::RunDirectory& directory);

/// States in which the bank must know the payment as approved.
bool is_captured(std::string_view status);

}  // namespace tidegate::audit
