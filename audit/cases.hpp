#pragma once
// What checkers look at: everything that the history and the exports say about one name. Records of one name lie
// together whatever their number, so a checker is a function of one case, and cases are independent of each other.

#include <cstdint>
#include <functional>
#include <set>
#include <span>

#include "audit/history.hpp"
#include "audit/model.hpp"

namespace tidegate::audit {

/// One key within one client's scope. Without a history the harness never used it; without payments the platform does
/// not know it.
struct KeyCase {
  Identity key;
  const KeyHistory* history = nullptr;   ///< of its payments
  std::span<const KeyHistory> others{};  ///< operations of other kinds under the same key and scope
  std::span<const Payment> payments{};   ///< as read before the bank and the ledger
  std::span<const Payment> after{};      ///< the same, read after them
  std::span<const Charge> charges{};     ///< of this key for the payments' tenant; of one merchant when nobody knows it
};

/// One payment.
struct PaymentCase {
  Identity payment;
  const Payment* before = nullptr;  ///< null: not in the export that was read first
  const Payment* after = nullptr;
  std::span<const Posting> postings{};   ///< in the order of the ledger
  std::span<const Event> events{};       ///< in the order of their numbers
  std::span<const Observation> reads{};  ///< in the order of their answers
};

/// One number of one stream.
struct NumberCase {
  const Event* event = nullptr;  ///< null: never published
  std::span<const Application> applications{};
  /// Groups that are to apply it: those that consume its topic.
  const std::set<std::uint64_t>* groups = nullptr;
  /// Whether a group that keeps numbers only has applied all up to this one. Not null.
  const std::function<bool(std::uint64_t group, const Event& event)>* through = nullptr;
};

/// One event that a customer is to be told.
struct NoticeCase {
  const Event* event = nullptr;  ///< null: delivered, but never published
  std::span<const Delivery> deliveries{};
};

/// One reference at the bank.
struct ReferenceCase {
  std::span<const BankCall> calls{};
  std::span<const Charge> charges{};
};

}  // namespace tidegate::audit
