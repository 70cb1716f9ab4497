// Goal: one verdict, the same for the same data. Method:
//
//   evidence ─┬─ recovery gates ── steady times ── windows ─┬─ gates, one judgement per window ─┐
//             ├─ events ── failures and harness errors ─────┼─ faults: hits, detection, recovery ┼─ precedence ──
//             verdict └─ generator and probes ── validity ──────────┴────────────────────────────────────┘

#include "gates/judge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "gates/evidence.hpp"
#include "gates/fault_judgement.hpp"
#include "gates/gate_kind.hpp"
#include "gates/kinds/compare.hpp"
#include "gates/precedence.hpp"
#include "gates/run_facts.hpp"
#include "gates/validity.hpp"
#include "gates/window.hpp"

namespace tidegate::gates {
namespace {

using record::GateResult;
using record::Outcome;
using record::Verdict;

/// The last whole second that ended before a moment.
std::int32_t horizon_of(double seconds) {
  const double most = std::numeric_limits<std::int32_t>::max();
  return seconds >= most ? std::numeric_limits<std::int32_t>::max() : static_cast<std::int32_t>(std::floor(seconds));
}

/// What the run's capacity searches found, as its event log says.
std::vector<record::CapacityFinding> capacity_findings(const record::EventLog& log) {
  std::vector<record::CapacityFinding> all;
  for (const record::Event& event : log.events) {
    if (event.type == "capacity_found") all.push_back(record::capacity_finding(event.fields));
  }
  return all;
}

class Judgement {
 public:
  Judgement(const Evidence& evidence, const GateSet& gates, const record::SeriesSet& series)
      : evidence_(evidence),
        gates_(gates),
        facts_(run_facts(evidence, series)),
        windows_(evidence.run().phases, evidence.spans(), steady_times(evidence, gates)) {}

  Verdict verdict() {
    describe();
    correct_comparisons();
    judge_all_faults();  // first: a fault that did not work is a harness error, and gates are judged against those
    for (const GateEntry& entry : gates_.entries) {
      for (const WindowReference& window : entry.windows) judge_gate(entry, window);
    }
    validity_ = judge_validity(evidence_, gates_.limits);
    verdict_.validity = validity_.result;
    conclude();
    return std::move(verdict_);
  }

 private:
  void describe() {
    const record::RunInfo& run = evidence_.run();
    verdict_.scenario = run.name;
    verdict_.title = run.title;
    verdict_.variant = run.variant;
    verdict_.seed = run.seed;
    verdict_.scale = run.scale;
    verdict_.interrupted = facts_.interrupted;
    verdict_.cut_short = facts_.cut_short;
    if (evidence_.findings()) verdict_.audit = *evidence_.findings();
    verdict_.lag = lag_summaries(evidence_);
    verdict_.capacity = capacity_findings(evidence_.events());
  }

  void judge_all_faults() {
    for (FaultJudgement& fault : judge_faults(evidence_, gates_, facts_.complete())) {
      const record::FaultResult& result = fault.result;
      const std::string reason = fmt::format("fault {}: {}", result.name, result.reason);
      if (result.outcome == Outcome::error) {
        facts_.errors.push_back({fault.known_at, reason, ""});
      } else {
        late_findings_.push_back({fault.known_at, {result.outcome, false, reason}});
      }
      verdict_.faults.push_back(std::move(fault.result));
    }
  }

  GateResult judged(const GateEntry& entry, const WindowReference& window, std::int32_t horizon) const {
    const GateKind* kind = find_gate_kind(entry.kind);
    Scope scope{{}, horizon, window.text()};
    if (kind->takes_windows) {
      Windows::Resolved resolved = windows_.resolve(window);
      if (resolved.seconds.empty()) {
        GateResult nothing;
        nothing.reason = resolved.why_empty;
        return nothing;
      }
      scope.seconds = resolved.seconds.before(horizon);
    }
    return entry.gate->judge(evidence_, scope);
  }

  // Many comparisons find a difference by chance: their p values are corrected together (Holm).
  void correct_comparisons() {
    struct Comparison {
      const GateEntry* entry;
      std::string during;
      Regression regression;
    };
    const Baseline* baseline = evidence_.baseline();
    if (baseline == nullptr) return;
    std::vector<Comparison> comparisons;
    std::vector<double> p_values;
    for (const GateEntry& entry : gates_.entries) {
      const CompareGate* gate = entry.gate->as_compare();
      if (gate == nullptr) continue;
      for (const WindowReference& window : entry.windows) {
        const SecondSet seconds = windows_.resolve(window).seconds;
        comparisons.push_back({&entry, window.text(), gate->regression(evidence_, seconds, *baseline, window.text())});
        p_values.push_back(comparisons.back().regression.p);
      }
    }
    const std::vector<double> corrected = holm(p_values);
    for (std::size_t i = 0; i < comparisons.size(); ++i) {
      const Comparison& one = comparisons[i];
      comparisons_[{one.entry, one.during}] =
          one.entry->gate->as_compare()->result(one.regression, corrected[i], *baseline);
    }
  }

  void judge_gate(const GateEntry& entry, const WindowReference& window) {
    const auto compared = comparisons_.find({&entry, window.text()});
    GateResult result = compared != comparisons_.end()
                            ? compared->second
                            : judged(entry, window, std::numeric_limits<std::int32_t>::max());
    result.name = entry.name;
    result.kind = entry.kind;
    result.during = window.text();
    const std::string phrase = window.phrase();
    findings_.push_back({result.outcome, is_firm(entry, window, result.outcome),
                         fmt::format("{}{}{}: {}", entry.name, phrase.empty() ? "" : " ", phrase, result.reason)});
    verdict_.gates.push_back(std::move(result));
  }

  // A FAIL stands beside a harness error when it is already one on the data before that error.
  bool is_firm(const GateEntry& entry, const WindowReference& window, Outcome outcome) const {
    if (outcome != Outcome::fail) return false;
    const double error = facts_.first_error(entry.gate->probe());
    return std::isinf(error) || entry.kind == "audit" ||
           judged(entry, window, horizon_of(error)).outcome == Outcome::fail;
  }

  bool anything_asked() const {
    return std::any_of(verdict_.gates.begin(), verdict_.gates.end(),
                       [](const GateResult& gate) { return gate.outcome != Outcome::not_asked; });
  }

  bool is_gated(const std::string& checker) const {
    return std::any_of(gates_.entries.begin(), gates_.entries.end(), [&](const GateEntry& entry) {
      const auto checkers = entry.gate->checkers();
      return std::find(checkers.begin(), checkers.end(), checker) != checkers.end();
    });
  }

  // A checker that says false is never masked, also when no gate names it.
  void gather_broken_checkers() {
    for (const record::AuditFinding& finding : verdict_.audit) {
      if (finding.outcome != "false" || is_gated(finding.checker)) continue;
      const std::string why = finding.reason.empty() ? "" : ": " + finding.reason;
      findings_.push_back({Outcome::fail, true, fmt::format("audit: {} is broken{}", finding.checker, why)});
    }
  }

  void gather_findings() {
    const double error = facts_.first_error("");
    for (const Failure& failure : facts_.failures) {
      findings_.push_back({Outcome::fail, failure.independent || failure.at < error, failure.reason});
    }
    gather_broken_checkers();
    for (LateFinding& late : late_findings_) {
      late.finding.firm = late.at < error;
      findings_.push_back(late.finding);
    }
    for (const HarnessError& one : facts_.errors) findings_.push_back({Outcome::error, false, one.reason});
    if (facts_.cut_short) findings_.push_back({Outcome::inconclusive, false, facts_.cut_short_reason});
    // The gate that ended it is judged like any other; that the rest was not played is said beside it.
    if (!facts_.aborted.empty()) {
      findings_.push_back({Outcome::inconclusive, false, "the run ended early: " + facts_.aborted});
    }
    if (facts_.interrupted) findings_.push_back({Outcome::inconclusive, false, "the run was interrupted"});
  }

  void conclude() {
    gather_findings();
    if (!anything_asked()) {
      // Nothing was to be judged; what went wrong by itself is still said.
      const Decision decision = decide(findings_);
      verdict_.judged = decision.outcome != Outcome::pass;
      if (!verdict_.judged) return set(Outcome::pass, {"not judged: the run has no gate that was asked"});
    }
    for (const std::string& reason : validity_.withheld) {
      findings_.push_back({Outcome::inconclusive, false, "validity: " + reason});
    }
    Decision decision = decide(findings_);
    set(decision.outcome, std::move(decision.reasons));
  }

  void set(Outcome outcome, std::vector<std::string> reasons) {
    verdict_.outcome = outcome;
    verdict_.reasons = std::move(reasons);
    verdict_.exit_code = verdict_.interrupted ? record::exit_code::interrupted : exit_code_of(outcome);
  }

  struct LateFinding {
    double at;
    Finding finding;
  };

  const Evidence& evidence_;
  const GateSet& gates_;
  RunFacts facts_;
  Windows windows_;
  std::map<std::pair<const GateEntry*, std::string>, GateResult> comparisons_;
  std::vector<Finding> findings_;
  std::vector<LateFinding> late_findings_;
  ValidityJudgement validity_;
  Verdict verdict_;
};

}  // namespace

Verdict judge(const record::RunInfo& run, const GateSet& gates, const record::SeriesSet& series,
              const record::EventLog& events, const std::optional<std::vector<record::AuditFinding>>& findings,
              const Baseline* baseline) {
  Evidence evidence(run, series, events, findings);
  evidence.compare_with(baseline);
  return Judgement(evidence, gates, series).verdict();
}

int strict_exit_code(const Verdict& verdict) {
  if (!verdict.judged || verdict.interrupted) return verdict.exit_code;
  return exit_code_of(verdict.outcome, true);
}

}  // namespace tidegate::gates
