#include "audit/checker.hpp"

#include <fmt/format.h>

namespace tidegate::audit {
namespace {
constexpr std::size_t kShown = 10;
}

Evidence::Evidence(const History& history_in, const Truth& truth_in) : history(history_in), truth(truth_in) {
  for (const Payment& payment : truth.payments) payments_by_key[{payment.scope, payment.key}].push_back(&payment);
  for (const Charge& charge : truth.charges) {
    charges_by_key[{charge.merchant, charge.client_key}].push_back(&charge);
  }
  for (const Entry& entry : truth.entries) entries_by_payment[entry.payment].push_back(&entry);
}

Finding::Finding(std::string_view checker) {
  finding_.checker = checker;
}

void Finding::wrong(const std::string& what, json::object records) {
  if (++wrong_ == 1) first_ = what;
  if (finding_.counterexamples.size() >= kShown) return;
  records["what"] = what;
  finding_.counterexamples.emplace_back(std::move(records));
}

void Finding::unknown(const std::string& why) {
  if (why_.empty()) why_ = why;
}

record::AuditFinding Finding::finish(const std::string& nothing) {
  if (wrong_ > 0) {
    finding_.outcome = "false";
    finding_.reason = wrong_ == 1 ? first_ : fmt::format("{} counterexamples; the first: {}", wrong_, first_);
  } else if (!why_.empty() || finding_.checked == 0) {
    finding_.outcome = "unknown";
    finding_.reason = why_.empty() ? nothing : why_;
  } else {
    finding_.outcome = "true";
    finding_.reason = fmt::format("{} checked", finding_.checked);
  }
  return std::move(finding_);
}

json::object describe(const KeyId& id, const KeyHistory& key) {
  return {{"key", id.second},
          {"scope", fmt::format("{:016x}", id.first)},
          {"outcome", to_string(key.fate)},
          {"id", key.id},
          {"amount", key.amount},
          {"currency", key.currency},
          {"attempts", key.attempts},
          {"first_s", to_seconds(key.first)},
          {"last_s", to_seconds(key.last)}};
}

json::object describe(const Payment& payment) {
  return {{"id", payment.id},         {"tenant", payment.tenant},     {"key", payment.key},
          {"amount", payment.amount}, {"currency", payment.currency}, {"status", payment.status}};
}

json::object describe(const Charge& charge) {
  return {{"reference", charge.reference}, {"client_key", charge.client_key}, {"merchant", charge.merchant},
          {"amount", charge.amount},       {"currency", charge.currency},     {"status", charge.status}};
}

json::object describe(const Entry& entry) {
  return {{"sequence", entry.sequence}, {"transfer", entry.transfer}, {"payment", entry.payment},
          {"kind", entry.kind},         {"account", entry.account},   {"direction", entry.debit ? "debit" : "credit"},
          {"amount", entry.amount},     {"currency", entry.currency}};
}

}  // namespace tidegate::audit
