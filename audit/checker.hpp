#pragma once
// One question of the audit. One file per checker in checkers/, listed in registry.cpp.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "audit/cases.hpp"
#include "audit/finding.hpp"
#include "audit/records.hpp"
#include "audit/terms.hpp"

namespace tidegate::audit {

/// Looks at an export in its own order, as a whole.
class StreamCheck {
 public:
  virtual ~StreamCheck() = default;
  virtual void entry(const Entry& /*entry*/) {}
  virtual void wallet_entry(const WalletEntry& /*entry*/) {}
  virtual void event(const Event& /*event*/) {}
  /// After the last record.
  virtual void end() {}
};

/// Reads what it needs by itself: nothing of it is money.
using DirectoryCheck = void (*)(const record::RunDirectory& directory, const Terms& terms, Finding& finding);

struct Checker {
  std::string_view name, doc;
  /// Exports without which it says unknown, and those that it also looks at when the system declares them.
  std::vector<std::string_view> needs{}, uses{};

  /// What is missing at the end of a history that was cut would look like a fault: then it says unknown and looks at
  /// nothing.
  bool whole_history = false;

  void (*key)(const KeyCase&, const Terms&, Finding&) = nullptr;
  /// Shown also what the bank holds under a key for a merchant of whom no payment is known.
  bool charges_alone = false;
  void (*payment)(const PaymentCase&, const Terms&, Finding&) = nullptr;
  void (*number)(const NumberCase&, const Terms&, Finding&) = nullptr;
  void (*notice)(const NoticeCase&, const Terms&, Finding&) = nullptr;
  void (*reference)(const ReferenceCase&, const Terms&, Finding&) = nullptr;
  std::unique_ptr<StreamCheck> (*stream)(Finding&) = nullptr;
  DirectoryCheck directory = nullptr;
};

const std::vector<Checker>& checker_registry();

const Checker& no_lost_acks();
const Checker& no_double_charge();
const Checker& no_phantom();
const Checker& unknown_resolved();
const Checker& ledger_balanced();
const Checker& no_overdraft();
const Checker& per_key_order();
const Checker& exactly_once_effect();
const Checker& no_stale_terminal();
const Checker& replay_stored();
const Checker& webhooks_delivered();
const Checker& audit_chain();
const Checker& no_card_data();
const Checker& reconciled();

}  // namespace tidegate::audit
