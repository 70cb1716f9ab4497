// audit: [no_lost_acks, no_double_charge, ledger_balanced]
//
// What the checkers found is an input of judging. A checker that says false: FAIL. Unknown, absent, or true of nothing:
// INCONCLUSIVE. Of a system that did not drain the reason says that what is missing may be late: the books were read
// before it was done.

#include <fmt/format.h>

#include <algorithm>

#include "base/units.hpp"
#include "gates/kinds/kinds.hpp"

namespace tidegate::gates {
namespace {

using record::Outcome;

struct Answer {
  Outcome outcome = Outcome::inconclusive;
  std::string text;
};

Answer answer_of(const std::string& checker, const std::vector<record::AuditFinding>& findings) {
  const auto found = std::find_if(findings.begin(), findings.end(),
                                  [&](const record::AuditFinding& finding) { return finding.checker == checker; });
  if (found == findings.end()) return {Outcome::inconclusive, checker + " was not checked"};
  const std::string why = found->reason.empty() ? "" : ": " + found->reason;
  if (found->outcome == "false") return {Outcome::fail, checker + " is broken" + why};
  if (found->outcome != "true") return {Outcome::inconclusive, checker + " is unknown" + why};
  if (found->checked == 0) return {Outcome::inconclusive, checker + " had nothing to check"};
  return {Outcome::pass, ""};
}

class AuditGate final : public Gate {
 public:
  explicit AuditGate(std::vector<std::string> checkers) : checkers_(std::move(checkers)) {}

  record::GateResult judge(const Evidence& evidence, const Scope& /*scope*/) const override {
    record::GateResult result;
    result.confidence = 0;
    if (!evidence.findings()) {
      result.reason = "the audit did not run";
      return result;
    }
    result.outcome = Outcome::pass;
    for (const record::AuditFinding& finding : *evidence.findings()) {
      if (std::find(checkers_.begin(), checkers_.end(), finding.checker) != checkers_.end()) {
        result.samples += finding.checked;
      }
    }
    for (const std::string& checker : checkers_) {
      const Answer answer = answer_of(checker, *evidence.findings());
      if (answer.outcome == Outcome::pass) continue;
      if (result.outcome != Outcome::fail) result.outcome = answer.outcome;
      result.reason += (result.reason.empty() ? "" : "; ") + answer.text;
    }
    if (result.outcome == Outcome::fail && evidence.left_undrained()) {
      result.reason += "; the system had not drained: what is missing may be late, not lost";
    }
    if (result.reason.empty()) {
      result.reason =
          fmt::format("{} hold ({} checked)", counted(checkers_.size(), "checker"), format_count(result.samples));
    }
    return result;
  }

  SampleNeed need() const override {
    SampleNeed need;
    need.text = fmt::format("{}", fmt::join(checkers_, ", "));
    return need;
  }

  std::span<const std::string> checkers() const override { return checkers_; }

 private:
  std::vector<std::string> checkers_;
};

schema::TypePointer audit_shape() {
  return schema::list_of(schema::text(), "Checkers that must say true.");
}

std::shared_ptr<const Gate> read_audit(const yaml::Node& body, GateReader& reader) {
  std::vector<std::string> checkers;
  bool good = true;
  for (const yaml::Node& item : body.items()) {
    const std::vector<std::string>& known = reader.context().checkers;
    good = (known.empty() || reader.known(item, item.text(), known, "checker")) && good;
    checkers.push_back(item.text());
  }
  if (checkers.empty()) {
    reader.mistake(body, "an audit gate names at least one checker");
    return nullptr;
  }
  return good ? std::make_shared<AuditGate>(std::move(checkers)) : nullptr;
}

}  // namespace

const GateKind& audit_kind() {
  static const GateKind kKind{"audit", "Checkers of the money that must say true.", false, &audit_shape, &read_audit};
  return kKind;
}

}  // namespace tidegate::gates
