#include "platform/roles.hpp"

#include "platform/acquiring/role.hpp"
#include "platform/audit_log/role.hpp"
#include "platform/fraud/role.hpp"
#include "platform/ledger/role.hpp"
#include "platform/migrator/role.hpp"
#include "platform/notification/role.hpp"
#include "platform/payouts/role.hpp"
#include "platform/read_model/role.hpp"
#include "platform/reconciliation/role.hpp"
#include "platform/vault/role.hpp"

namespace tidegate::platform {
namespace {

constexpr RoleEntry kRoles[] = {
    {"acquiring", make_acquiring},
    {"ledger", make_ledger},
    {"fraud", make_fraud},
    {"vault", make_vault},
    {"notification", make_notification},
    {"read-model", make_read_model},
    {"reconciliation", make_reconciliation},
    {"audit", make_audit},
    {"payouts", make_payouts},
    {"migrator", make_migrator},
};

}  // namespace

std::span<const RoleEntry> worker_roles() {
  return kRoles;
}

}  // namespace tidegate::platform
