#include "platform/fraud/profiles.hpp"

#include <algorithm>

namespace tidegate::platform {
namespace {

constexpr std::size_t kMostSubjects = 200'000;

template <typename Counts, typename Name>
void count(Counts& counts, const Name& name, std::int64_t by) {
  const auto found = counts.try_emplace(name, 0).first;
  found->second += by;
  if (found->second <= 0) counts.erase(found);
}

}  // namespace

void FraudProfiles::add(const Seen& seen) {
  const auto note = [&](Subject& subject) {
    subject.payments += 1;
    subject.amount += seen.amount;
  };
  note(*seen.card);
  count(seen.card->merchants, seen.merchant, 1);
  count(seen.card->amounts, seen.amount, 1);
  note(*seen.merchant);
  if (seen.address != nullptr) {
    note(*seen.address);
    count(seen.card->addresses, seen.address, 1);
    count(seen.address->cards, seen.card, 1);
  }
  count(seen.key->second, seen.merchant, 1);
  window_.push_back(seen);
}

void FraudProfiles::remove(const Seen& seen) {
  const auto forget = [&](Subject& subject) {
    subject.payments -= 1;
    subject.amount -= seen.amount;
  };
  forget(*seen.card);
  count(seen.card->merchants, seen.merchant, -1);
  count(seen.card->amounts, seen.amount, -1);
  if (seen.card->payments == 0) seen.card->declines = 0;
  forget(*seen.merchant);
  if (seen.address != nullptr) {
    forget(*seen.address);
    count(seen.card->addresses, seen.address, -1);
    count(seen.address->cards, seen.card, -1);
  }
  count(seen.key->second, seen.merchant, -1);
  if (seen.key->second.empty()) keys_.erase(keys_.find(seen.key->first));
  card_of_.erase(card_of_.find(*seen.payment));
}

std::int64_t FraudProfiles::advance(std::int64_t at_ms, std::int64_t now_ms) {
  at_ms = std::min(at_ms, now_ms);
  if (at_ms < newest_ms_ - kWindowMs) at_ms = newest_ms_;
  newest_ms_ = std::max(newest_ms_, at_ms);
  while (!window_.empty() &&
         (window_.front().at_ms < newest_ms_ - kWindowMs || window_.front().since_ms < now_ms - kWindowMs)) {
    remove(window_.front());
    window_.pop_front();
  }
  if (cards_.size() + merchants_.size() + addresses_.size() <= kMostSubjects) return at_ms;
  for (Subjects* subjects : {&cards_, &merchants_, &addresses_}) {
    std::erase_if(*subjects, [](const auto& entry) { return entry.second.payments == 0; });
  }
  return at_ms;
}

FraudFacts FraudProfiles::see(const SeenPayment& payment, std::int64_t now_ms) {
  const std::int64_t at_ms = advance(payment.at_ms, now_ms);
  FraudFacts facts;
  facts.amount = payment.amount;
  facts.currency = payment.currency;
  facts.card = payment.card;
  facts.bin = payment.bin;
  facts.address = payment.address;
  facts.merchant = payment.merchant;
  facts.hour = at_ms / 3'600'000 % 24;
  Subject& card = cards_[payment.card];
  Subject& merchant = merchants_[payment.merchant];
  Subject& address = addresses_[payment.address];
  const auto key = keys_.try_emplace(payment.client_key).first;
  const auto [in_window, fresh] = card_of_.try_emplace(payment.payment, &card);
  facts.card_seen = card.seen;
  facts.address_seen = address.seen;
  facts.merchant_seen = merchant.seen;
  facts.card_mean = card.seen == 0 ? 0 : card.sum / card.seen;
  facts.merchant_mean = merchant.seen == 0 ? 0 : merchant.sum / merchant.seen;
  facts.gap_ms = card.last_at_ms == 0 ? kWindowMs : at_ms - card.last_at_ms;
  facts.last_amount = card.last_amount;
  facts.amount_before_last = card.amount_before_last;
  facts.card_currency = card.currency;
  facts.card_declines = card.declines;
  if (fresh) {
    add({&in_window->first, &card, &merchant, payment.address.empty() ? nullptr : &address, &*key, payment.amount,
         at_ms, now_ms});
    for (Subject* each : {&card, &merchant, &address}) {
      each->seen += 1;
      each->sum += payment.amount;
    }
    card.amount_before_last = card.last_amount;
    card.last_amount = payment.amount;
    card.last_at_ms = at_ms;
    card.currency = payment.currency;
  }
  facts.card_payments = card.payments;
  facts.merchant_payments = merchant.payments;
  facts.address_payments = address.payments;
  facts.card_amount = card.amount;
  facts.merchant_amount = merchant.amount;
  facts.card_merchants = static_cast<std::int64_t>(card.merchants.size());
  facts.card_addresses = static_cast<std::int64_t>(card.addresses.size());
  facts.address_cards = static_cast<std::int64_t>(address.cards.size());
  const auto same = card.amounts.find(payment.amount);
  facts.same_amounts = same == card.amounts.end() ? 0 : same->second;
  facts.key_merchants = static_cast<std::int64_t>(key->second.size());
  return facts;
}

void FraudProfiles::declined(const std::string& payment, std::int64_t at_ms, std::int64_t now_ms) {
  advance(at_ms, now_ms);
  const auto card = card_of_.find(payment);
  if (card != card_of_.end()) card->second->declines += 1;
}

}  // namespace tidegate::platform
