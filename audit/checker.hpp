#pragma once
// One question of the audit. One file per checker in checkers/, listed in registry.cpp.

#include <string_view>

#include "audit/history.hpp"
#include "audit/model.hpp"
#include "record/verdict.hpp"

namespace tidegate::audit {

/// Everything a checker may look at, and indexes that several of them need.
struct Evidence {
  const History& history;
  const Truth& truth;
  std::map<KeyId, std::vector<const Payment*>> payments_by_key;
  std::map<std::pair<std::string, std::string>, std::vector<const Charge*>> charges_by_key;  ///< (merchant, client key)
  std::map<std::string, std::vector<const Entry*>> entries_by_payment;

  Evidence(const History& history_in, const Truth& truth_in);
};

/// Gathers what a checker finds; at most 10 counterexamples are kept, all are counted.
class Finding {
 public:
  explicit Finding(std::string_view checker);
  void checked() { ++finding_.checked; }
  /// A counterexample: what is wrong, and the records that show it.
  void wrong(const std::string& what, json::object records);
  /// The question cannot be decided.
  void unknown(const std::string& why);
  /// True, unless something was wrong (false) or could not be decided (unknown). `nothing`: said when nothing was
  /// checked, which is unknown too: no data is never a pass.
  record::AuditFinding finish(const std::string& nothing);

 private:
  record::AuditFinding finding_;
  std::uint64_t wrong_ = 0;
  std::string first_, why_;
};

struct Checker {
  std::string_view name, doc;
  /// Exports it needs: payments, bank, ledger.
  std::vector<std::string_view> needs;
  void (*check)(const Evidence&, Finding&);
};

const std::vector<Checker>& checker_registry();

void check_no_lost_acks(const Evidence& evidence, Finding& finding);
void check_no_double_charge(const Evidence& evidence, Finding& finding);
void check_ledger_balanced(const Evidence& evidence, Finding& finding);

json::object describe(const KeyId& id, const KeyHistory& key);
json::object describe(const Payment& payment);
json::object describe(const Charge& charge);
json::object describe(const Entry& entry);

}  // namespace tidegate::audit
