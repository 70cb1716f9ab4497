#include "audit/finding.hpp"

#include <fmt/format.h>

#include <iterator>

#include "base/units.hpp"

namespace tidegate::audit {

void Finding::wrong(std::string what, const Subject& subject) {
  ++wrong_;
  if (shown_.size() < kShown) shown_.push_back({std::move(what), subject});
}

void Finding::unknown(const std::string& why) {
  if (why_.empty()) why_ = why;
}

void Finding::merge(Finding other) {
  checked_ += other.checked_;
  wrong_ += other.wrong_;
  if (why_.empty()) why_ = std::move(other.why_);
  for (Wrong& one : other.shown_) {
    if (shown_.size() < kShown) shown_.push_back(std::move(one));
  }
}

record::AuditFinding Finding::finish(std::string_view checker, const std::string& nothing,
                                     const std::string& aside) const {
  record::AuditFinding finding;
  finding.checker = checker;
  finding.checked = checked_;
  if (wrong_ > 0) {
    finding.outcome = "false";
    const std::string& first = shown_.front().what;
    finding.reason =
        wrong_ == 1 ? first : fmt::format("{} counterexamples; the first: {}", format_count(wrong_), first);
  } else if (!why_.empty() || checked_ == 0) {
    finding.outcome = "unknown";
    finding.reason = why_.empty() ? nothing : why_;
  } else {
    finding.outcome = "true";
    finding.reason = fmt::format("{} checked", format_count(checked_)) + (aside.empty() ? "" : "; " + aside);
  }
  return finding;
}

}  // namespace tidegate::audit
