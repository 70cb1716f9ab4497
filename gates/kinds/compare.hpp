#pragma once
// compare: {metric: "p99(response_time{name=create_payment})", allow: 10%}
//
// Judged against the baseline of the run directory. Without one it is listed as NOT ASKED and does not count.

#include <string>

#include "gates/baseline.hpp"
#include "gates/gate_kind.hpp"
#include "gates/regression.hpp"

namespace tidegate::gates {

class CompareGate final : public Gate {
 public:
  CompareGate(Measure measure, std::string metric, double allow, bool more_is_worse, DecisionRules rules)
      : measure_(std::move(measure)),
        metric_(std::move(metric)),
        allow_(allow),
        more_is_worse_(more_is_worse),
        rules_(rules) {}

  /// As if it were the only comparison of the run.
  record::GateResult judge(const Evidence& evidence, const Scope& scope) const override;
  SampleNeed need() const override;
  const CompareGate* as_compare() const override { return this; }

  const std::string& metric() const { return metric_; }
  double allow() const { return allow_; }
  double level() const { return rules_.confidence.value_or(kDefaultConfidence); }

  /// What the run says, before the correction for the number of comparisons. `during`: the window as written.
  Regression regression(const Evidence& evidence, const SecondSet& seconds, const Baseline& baseline,
                        const std::string& during) const;
  record::GateResult result(const Regression& regression, double corrected_p, const Baseline& baseline) const;

 private:
  Measure measure_;
  std::string metric_;
  double allow_;
  bool more_is_worse_;
  DecisionRules rules_;
};

}  // namespace tidegate::gates
