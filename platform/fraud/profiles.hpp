#pragma once
// What the last minute knows about cards, addresses and merchants. In memory; after a restart it is filled again from
// the decisions of the last minute.

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <unordered_map>

#include "platform/fraud/rules.hpp"

namespace tidegate::platform {

struct SeenPayment {
  std::string payment, card, bin, address, merchant, client_key, currency;
  std::int64_t amount = 0, at_ms = 0;
};

/// Times come with the events and may go back by the consumers' lag; the newest one rules the window. A gateway's clock
/// may jump, so none is ahead of the clock of whoever asks, one that is far behind counts as of the newest, and nothing
/// stays for longer than the window by that clock either.
class FraudProfiles {
 public:
  static constexpr std::int64_t kWindowMs = 60'000;

  /// The facts about a payment, which is part of the window from now on. Asked again about the same payment (its
  /// transaction was rolled back), it counts once.
  FraudFacts see(const SeenPayment& payment, std::int64_t now_ms);
  /// Of former payments, as they come from the store.
  FraudFacts see(const SeenPayment& payment) { return see(payment, payment.at_ms); }
  void declined(const std::string& payment, std::int64_t at_ms, std::int64_t now_ms);
  std::size_t size() const { return window_.size(); }

 private:
  struct Subject {
    std::int64_t payments = 0, amount = 0;                   // in the window
    std::map<const Subject*, std::int64_t> merchants;        // of a card
    std::map<const Subject*, std::int64_t> addresses;        // of a card
    std::map<const Subject*, std::int64_t> cards;            // of an address
    std::unordered_map<std::int64_t, std::int64_t> amounts;  // of a card
    std::int64_t seen = 0, sum = 0;                          // ever, while the subject is kept
    std::int64_t last_at_ms = 0, last_amount = 0, amount_before_last = 0, declines = 0;
    std::string currency;
  };
  using Subjects = std::unordered_map<std::string, Subject>;
  using Keys = std::unordered_map<std::string, std::map<const Subject*, std::int64_t>>;  // the merchants of a key
  // What leaving the window needs. Whatever it points to is kept for as long as it is in the window.
  struct Seen {
    const std::string* payment;
    Subject* card;
    Subject* merchant;
    Subject* address;  // null: none was given
    Keys::value_type* key;
    std::int64_t amount, at_ms, since_ms;  // by the event's clock, by ours
  };
  /// The event's time, as far as it can be; what is too old for that leaves.
  std::int64_t advance(std::int64_t at_ms, std::int64_t now_ms);
  void add(const Seen& seen);
  void remove(const Seen& seen);

  std::deque<Seen> window_;
  std::unordered_map<std::string, Subject*> card_of_;  // payments in the window
  Subjects cards_, merchants_, addresses_;
  Keys keys_;
  std::int64_t newest_ms_ = 0;
};

}  // namespace tidegate::platform
