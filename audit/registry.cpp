#include <algorithm>

#include "audit/audit.hpp"
#include "audit/checker.hpp"

namespace tidegate::audit {

const std::vector<Checker>& checker_registry() {
  static const std::vector<Checker> registry = {
      {"no_lost_acks",
       "An acknowledged payment is in the platform; a captured one is at the bank and in the ledger.",
       {"payments", "bank", "ledger"},
       check_no_lost_acks},
      {"no_double_charge",
       "One payment for one key, and the bank took its amount at most once.",
       {"payments", "bank", "payments-after"},
       check_no_double_charge},
      {"ledger_balanced",
       "Debits equal credits per currency after every transfer; a captured payment is posted once, whole.",
       {"payments", "ledger"},
       check_ledger_balanced},
  };
  return registry;
}

std::span<const CheckerInfo> checkers() {
  static const std::vector<CheckerInfo> list = [] {
    std::vector<CheckerInfo> infos;
    for (const Checker& checker : checker_registry()) infos.push_back({checker.name, checker.doc});
    return infos;
  }();
  return list;
}

std::vector<record::AuditFinding> check(const record::RunDirectory& directory, const std::vector<std::string>& names) {
  auto history = read_history(directory.operations());
  const Truth truth = read_truth_of(directory);
  const History none;
  const Evidence evidence(history ? *history : none, truth);
  std::vector<record::AuditFinding> findings;
  for (const std::string& name : names) {
    const auto checker = std::ranges::find(checker_registry(), name, &Checker::name);
    Finding finding(name);
    if (checker == checker_registry().end()) {
      finding.unknown("there is no checker of that name");
    } else {
      if (!history) finding.unknown("the operation history cannot be read: " + history.error().message);
      if (evidence.history.cut_short) finding.unknown("the operation history was cut short");
      for (const std::string_view need : checker->needs) {
        const auto broken = truth.broken.find(std::string(need));
        if (broken != truth.broken.end()) {
          finding.unknown("the export '" + std::string(need) + "' cannot be used: " + broken->second);
        }
      }
      // With a broken export every record of it would seem missing, so a checker only looks at whole ones.
      const bool whole = std::ranges::none_of(
          checker->needs, [&](std::string_view need) { return truth.broken.contains(std::string(need)); });
      if (whole) checker->check(evidence, finding);
    }
    findings.push_back(finding.finish("the history and the exports hold nothing to check"));
  }
  return findings;
}

}  // namespace tidegate::audit
