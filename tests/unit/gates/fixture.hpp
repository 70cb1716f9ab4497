#pragma once
// Gates from YAML text, against the plan of a synthetic run.

#include <functional>
#include <string>
#include <vector>

#include "base/yaml.hpp"
#include "gates/judge.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/synthetic_run.hpp"

namespace tidegate::gates {

using record::Outcome;
using testing::SyntheticRun;

inline GateContext context_of(const SyntheticRun& run) {
  GateContext context;
  context.phases = run.info.phases;
  context.faults = {"bank_slow", "ledger_killed"};
  context.groups = run.info.groups;
  context.load = run.info.load;
  context.poll_metrics = {"payment_settled"};
  context.checkers = {"no_lost_acks", "no_double_charge", "ledger_balanced"};
  return context;
}

/// The mistakes in a `gates` section, one a line; empty when there are none.
inline std::string mistakes_in(const std::string& text, const GateContext& context, const std::string& validity = {}) {
  Diagnostics diagnostics;
  const yaml::Node node = yaml::parse(text, "gates.yaml", diagnostics);
  const yaml::Node limits = yaml::parse(validity, "validity.yaml", diagnostics);
  parse_gates(node, validity.empty() ? nullptr : &limits, context, diagnostics);
  return diagnostics.text();
}

/// Gates that must be free of mistakes. Faults are planned only when the test injects them.
inline GateSet gates_of(const std::string& text, const GateContext& context, const std::string& validity = {}) {
  Diagnostics diagnostics;
  const yaml::Node node = yaml::parse(text, "gates.yaml", diagnostics);
  const yaml::Node limits = yaml::parse(validity, "validity.yaml", diagnostics);
  GateSet set = parse_gates(node, validity.empty() ? nullptr : &limits, context, diagnostics);
  INFO(diagnostics.text());
  REQUIRE(diagnostics.empty());
  set.faults.clear();
  return set;
}

inline record::Verdict judged(const SyntheticRun& run, const GateSet& gates) {
  const record::SeriesSet series = run.series();
  return judge(run.info, gates, series, run.events, run.findings);
}
inline record::Verdict judged(const SyntheticRun& run, const std::string& gates, const std::string& validity = {}) {
  return judged(run, gates_of(gates, context_of(run), validity));
}

inline std::string lines(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) all += text + "\n";
  return all;
}

inline std::string outcome_of(const record::Verdict& verdict) {
  return std::string(to_string(verdict.outcome));
}

/// What happens to a healthy run, and how it is judged then.
struct JudgedRow {
  const char* what;
  std::function<void(SyntheticRun&)> change;
  const char* want;
  int exit_code;
  const char* in_reasons;
};
/// `gates`: their text, or a set of them.
template <typename Gates>
record::Verdict check(const JudgedRow& row, const Gates& gates) {
  SyntheticRun run;
  row.change(run);
  record::Verdict verdict = judged(run, gates);
  INFO(row.what << "\n" << lines(verdict.reasons));
  CHECK(outcome_of(verdict) == row.want);
  CHECK(verdict.exit_code == row.exit_code);
  CHECK_THAT(lines(verdict.reasons), Catch::Contains(row.in_reasons));
  return verdict;
}

}  // namespace tidegate::gates
