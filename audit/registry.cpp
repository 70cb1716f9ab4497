#include "audit/audit.hpp"
#include "audit/checker.hpp"

namespace tidegate::audit {

const std::vector<Checker>& checker_registry() {
  static const std::vector<Checker> registry = {
      no_lost_acks(),       no_double_charge(), no_phantom(),          unknown_resolved(),  ledger_balanced(),
      no_overdraft(),       per_key_order(),    exactly_once_effect(), no_stale_terminal(), replay_stored(),
      webhooks_delivered(), audit_chain(),      no_card_data(),        reconciled()};
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

std::vector<std::string> checker_names() {
  std::vector<std::string> names;
  for (const CheckerInfo& checker : checkers()) names.emplace_back(checker.name);
  return names;
}

}  // namespace tidegate::audit
