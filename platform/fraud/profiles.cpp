#include "platform/fraud/profiles.hpp"

#include <algorithm>

namespace tidegate::platform {
namespace {

constexpr std::size_t kMostSubjects = 200'000;

void count(std::map<std::string, std::int64_t>& names, const std::string& name, std::int64_t by) {
  const auto found = names.try_emplace(name, 0).first;
  found->second += by;
  if (found->second <= 0) names.erase(found);
}

std::int64_t number_of(const std::map<std::string, std::int64_t>& names, char kind) {
  return std::count_if(names.begin(), names.end(), [&](const auto& entry) { return entry.first.front() == kind; });
}

}  // namespace

void FraudProfiles::add(const SeenPayment& payment) {
  const auto note = [&](Subject& subject) {
    subject.payments += 1;
    subject.amount += payment.amount;
  };
  Subject& card = subject("card/", payment.card);
  note(card);
  count(card.others, "m" + payment.merchant, 1);
  if (!payment.address.empty()) count(card.others, "a" + payment.address, 1);
  card.amounts[payment.amount] += 1;
  note(subject("merchant/", payment.merchant));
  if (!payment.address.empty()) {
    Subject& address = subject("address/", payment.address);
    note(address);
    count(address.others, "c" + payment.card, 1);
  }
  count(key_merchants_[payment.client_key], payment.merchant, 1);
  payments_.insert(payment.payment);
  card_of_[payment.payment] = payment.card;
  window_.push_back(payment);
}

void FraudProfiles::remove(const SeenPayment& payment) {
  const auto forget = [&](Subject& subject) {
    subject.payments -= 1;
    subject.amount -= payment.amount;
  };
  Subject& card = subject("card/", payment.card);
  forget(card);
  count(card.others, "m" + payment.merchant, -1);
  if (!payment.address.empty()) count(card.others, "a" + payment.address, -1);
  if (--card.amounts[payment.amount] <= 0) card.amounts.erase(payment.amount);
  if (card.payments == 0) card.declines = 0;
  forget(subject("merchant/", payment.merchant));
  if (!payment.address.empty()) {
    Subject& address = subject("address/", payment.address);
    forget(address);
    count(address.others, "c" + payment.card, -1);
  }
  auto& merchants = key_merchants_[payment.client_key];
  count(merchants, payment.merchant, -1);
  if (merchants.empty()) key_merchants_.erase(payment.client_key);
  payments_.erase(payment.payment);
  card_of_.erase(payment.payment);
}

void FraudProfiles::prune(std::int64_t now_ms) {
  newest_ms_ = std::max(newest_ms_, now_ms);
  while (!window_.empty() && window_.front().at_ms < newest_ms_ - kWindowMs) {
    remove(window_.front());
    window_.pop_front();
  }
  if (subjects_.size() <= kMostSubjects) return;
  std::erase_if(subjects_, [](const auto& entry) { return entry.second.payments == 0; });
}

FraudFacts FraudProfiles::see(const SeenPayment& payment) {
  prune(payment.at_ms);
  FraudFacts facts;
  facts.amount = payment.amount;
  facts.currency = payment.currency;
  facts.card = payment.card;
  facts.bin = payment.bin;
  facts.address = payment.address;
  facts.merchant = payment.merchant;
  facts.hour = payment.at_ms / 3'600'000 % 24;
  const bool again = payments_.count(payment.payment) > 0;
  Subject& card = subject("card/", payment.card);
  Subject& merchant = subject("merchant/", payment.merchant);
  Subject& address = subject("address/", payment.address);
  facts.card_seen = card.seen;
  facts.address_seen = address.seen;
  facts.merchant_seen = merchant.seen;
  facts.card_mean = card.seen == 0 ? 0 : card.sum / card.seen;
  facts.merchant_mean = merchant.seen == 0 ? 0 : merchant.sum / merchant.seen;
  facts.gap_ms = card.last_at_ms == 0 ? kWindowMs : payment.at_ms - card.last_at_ms;
  facts.last_amount = card.last_amount;
  facts.amount_before_last = card.amount_before_last;
  facts.card_currency = card.currency;
  facts.card_declines = card.declines;
  if (!again) {
    add(payment);
    for (Subject* each : {&card, &merchant, &address}) {
      each->seen += 1;
      each->sum += payment.amount;
    }
    card.amount_before_last = card.last_amount;
    card.last_amount = payment.amount;
    card.last_at_ms = payment.at_ms;
    card.currency = payment.currency;
  }
  facts.card_payments = card.payments;
  facts.merchant_payments = merchant.payments;
  facts.address_payments = address.payments;
  facts.card_amount = card.amount;
  facts.merchant_amount = merchant.amount;
  facts.card_merchants = number_of(card.others, 'm');
  facts.card_addresses = number_of(card.others, 'a');
  facts.address_cards = number_of(address.others, 'c');
  facts.same_amounts = card.amounts[payment.amount];
  facts.key_merchants = static_cast<std::int64_t>(key_merchants_[payment.client_key].size());
  return facts;
}

void FraudProfiles::declined(const std::string& payment, std::int64_t at_ms) {
  prune(at_ms);
  const auto card = card_of_.find(payment);
  if (card != card_of_.end()) subject("card/", card->second).declines += 1;
}

}  // namespace tidegate::platform
