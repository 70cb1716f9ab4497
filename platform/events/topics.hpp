#pragma once
// The topics of the platform. Who writes which:
//
//   payments        gateway        the life of a payment, and the commands to its acquirer
//   acquiring       acquiring      what acquirers answered
//   fraud           fraud          cleared or held
//   ledger          ledger         settled; wallets
//   payouts         payouts        requested, paid, failed
//   notifications   notification   delivered
//   dead-letters    notification   given up, with cause and attempts
//   reconciliation  reconciliation finished runs
//   audit           audit          signed roots

#include <array>
#include <string_view>

namespace tidegate::platform {

inline constexpr std::string_view kPaymentsTopic = "payments";
inline constexpr std::string_view kAcquiringTopic = "acquiring";
inline constexpr std::string_view kFraudTopic = "fraud";
inline constexpr std::string_view kLedgerTopic = "ledger";
inline constexpr std::string_view kPayoutsTopic = "payouts";
inline constexpr std::string_view kNotificationsTopic = "notifications";
inline constexpr std::string_view kDeadLettersTopic = "dead-letters";
inline constexpr std::string_view kReconciliationTopic = "reconciliation";
inline constexpr std::string_view kAuditTopic = "audit";

inline constexpr std::array kTopics{kPaymentsTopic,       kAcquiringTopic,   kFraudTopic,
                                    kLedgerTopic,         kPayoutsTopic,     kNotificationsTopic,
                                    kReconciliationTopic, kDeadLettersTopic, kAuditTopic};

}  // namespace tidegate::platform
