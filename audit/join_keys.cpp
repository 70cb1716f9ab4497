#include <tuple>

#include "audit/joins.hpp"
#include "audit/sorted_part.hpp"

namespace tidegate::audit {
namespace {

const std::uint32_t kPaymentKind = kind_of("payment");

struct ScopedHistory {
  std::uint64_t scope = 0;
  KeyHistory history;
};

// All that one key text means: usually one client's, but two clients may use the same.
class KeyGroup {
 public:
  KeyGroup(Evidence& evidence, const Terms& terms, const std::vector<Asking>& asking)
      : evidence_(evidence), terms_(terms), asking_(asking) {}

  void show(Identity key, std::span<const Attempt> attempts, std::span<const Payment> payments,
            std::span<const Payment> after, std::span<const Charge> charges) {
    fold_all(attempts);
    merchants_.clear();
    const KeyHistory* unclaimed = nullptr;
    std::size_t history = 0;
    while (history < histories_.size() || !payments.empty() || !after.empty()) {
      const std::uint64_t scope = least_scope(history, payments, after);
      KeyCase one{.key = key};
      take_histories(one, scope, history);
      one.payments = take_scope(payments, scope);
      one.after = take_scope(after, scope);
      look_for_twins(one.payments);
      if (!one.payments.empty() || !one.after.empty()) {
        const Identity tenant = one.after.empty() ? one.payments.front().tenant : one.after.front().tenant;
        one.charges = of_merchant(charges, tenant);
        merchants_.push_back(tenant);
      } else {
        unclaimed = one.history;
      }
      ask(one);
    }
    show_unclaimed(key, charges, unclaimed);
  }

 private:
  void fold_all(std::span<const Attempt> attempts) {
    histories_.clear();
    others_.clear();
    for_each_key(attempts, [this](std::span<const Attempt> of_key) {
      const KeyHistory folded = fold(of_key);
      if (folded.clock_stepped) evidence_.note_clock_step();
      histories_.push_back({of_key.front().scope, folded});
    });
  }

  std::uint64_t least_scope(std::size_t history, std::span<const Payment> payments, std::span<const Payment> after) {
    std::uint64_t scope = ~std::uint64_t{0};
    if (history < histories_.size()) scope = std::min(scope, histories_[history].scope);
    if (!payments.empty()) scope = std::min(scope, payments.front().scope);
    if (!after.empty()) scope = std::min(scope, after.front().scope);
    return scope;
  }

  void take_histories(KeyCase& one, std::uint64_t scope, std::size_t& at) {
    others_.clear();
    for (; at < histories_.size() && histories_[at].scope == scope; ++at) {
      if (histories_[at].history.kind == kPaymentKind) {
        one.history = &histories_[at].history;
      } else {
        others_.push_back(histories_[at].history);
      }
    }
    one.others = others_;
  }

  static std::span<const Payment> take_scope(std::span<const Payment>& payments, std::uint64_t scope) {
    std::size_t count = 0;
    while (count < payments.size() && payments[count].scope == scope) ++count;
    const auto taken = payments.first(count);
    payments = payments.subspan(count);
    return taken;
  }

  // Few payments share a key, so each is held against each.
  void look_for_twins(std::span<const Payment> payments) {
    for (std::size_t i = 1; i < payments.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        if (payments[i].id != payments[j].id) continue;
        evidence_.note_broken("payments", "a payment's id stands in it more than once");
        return;
      }
    }
  }

  static std::span<const Charge> of_merchant(std::span<const Charge> charges, Identity merchant) {
    struct Order {
      bool operator()(const Charge& charge, Identity wanted) const { return charge.merchant < wanted; }
      bool operator()(Identity wanted, const Charge& charge) const { return wanted < charge.merchant; }
    };
    const auto range = std::equal_range(charges.begin(), charges.end(), merchant, Order{});
    return {range.first, range.second};
  }

  // What the bank holds for a merchant of whom no payment under this key is known.
  void show_unclaimed(Identity key, std::span<const Charge> charges, const KeyHistory* history) {
    while (!charges.empty()) {
      const Identity merchant = charges.front().merchant;
      const auto lines = of_merchant(charges, merchant);
      charges = charges.subspan(lines.size());
      if (std::ranges::find(merchants_, merchant) != merchants_.end()) continue;
      KeyCase one{.key = key};
      one.charges = lines;
      // The history was shown already: it is here only to say what the client was told.
      if (history != nullptr && history->fate == Fate::fail) one.history = history;
      for (const Asking& asks : asking_) {
        if (asks.checker->charges_alone) asks.checker->key(one, terms_, *asks.finding);
      }
    }
  }

  void ask(const KeyCase& one) {
    for (const Asking& asks : asking_) {
      if (asks.checker->key != nullptr) asks.checker->key(one, terms_, *asks.finding);
    }
  }

  Evidence& evidence_;
  const Terms& terms_;
  const std::vector<Asking>& asking_;
  std::vector<ScopedHistory> histories_;
  std::vector<KeyHistory> others_;
  std::vector<Identity> merchants_;
};

}  // namespace

Result<void> join_keys(Evidence& evidence, std::size_t part, const Terms& terms, const std::vector<Asking>& asking) {
  const auto key_of = [](const auto& record) { return record.key; };
  const auto by_scope = [](const Payment& a, const Payment& b) {
    return std::tie(a.key, a.scope) < std::tie(b.key, b.scope);
  };
  const auto by_merchant = [](const Charge& a, const Charge& b) {
    return std::tie(a.key, a.merchant) < std::tie(b.key, b.merchant);
  };
  auto attempts = SortedPart<Attempt, decltype(key_of)>::load(evidence.attempts, part, key_of, in_key_order);
  auto payments = SortedPart<Payment, decltype(key_of)>::load(evidence.payments_by_key, part, key_of, by_scope);
  auto after = SortedPart<Payment, decltype(key_of)>::load(evidence.after_by_key, part, key_of, by_scope);
  auto charges = SortedPart<Charge, decltype(key_of)>::load(evidence.charges_by_key, part, key_of, by_merchant);
  if (!attempts) return attempts.error();
  if (!payments) return payments.error();
  if (!after) return after.error();
  if (!charges) return charges.error();
  KeyGroup group(evidence, terms, asking);
  while (!all_at_end(*attempts, *payments, *after, *charges)) {
    const Identity key = least_name(*attempts, *payments, *after, *charges);
    const auto tried = attempts->take(key);
    const auto known = payments->take(key);
    const auto later = after->take(key);
    group.show(key, tried, known, evidence.unchanged() ? known : later, charges->take(key));
  }
  return {};
}

}  // namespace tidegate::audit
