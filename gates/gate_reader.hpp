#pragma once
// What reading one gate needs: the names that exist, its options, and where mistakes go.

#include <optional>
#include <string>
#include <vector>

#include "gates/decision.hpp"
#include "gates/expression.hpp"
#include "gates/gate.hpp"
#include "gates/vocabulary.hpp"

namespace tidegate::gates {

class GateReader {
 public:
  /// All must outlive the reader. `gate` is the gate's own map.
  GateReader(const std::string& name, const yaml::Node& gate, const GateContext& context, Diagnostics& diagnostics);

  const std::string& name() const { return name_; }
  const yaml::Node& gate() const { return gate_; }
  const GateContext& context() const { return context_; }
  const Vocabulary& vocabulary() const { return vocabulary_; }
  const DecisionRules& rules() const { return rules_; }

  void mistake(const yaml::Node& node, std::string message, std::string suggestion = {}, std::size_t offset = 0);
  std::optional<Expression> expression(const yaml::Node& node);
  std::optional<Measure> measure(const yaml::Node& node);
  /// `< 30s`
  std::optional<Limit> limit(const yaml::Node& node, Dimension dimension);
  /// Reports a name that is not among those known; `what` is "consumer group", "fault".
  bool known(const yaml::Node& node, const std::string& name, const std::vector<std::string>& names,
             const std::string& what);

 private:
  void read_rules();
  void add_mistakes(const yaml::Node& node, const std::vector<SyntaxMistake>& mistakes);

  std::string name_;
  const yaml::Node& gate_;
  const GateContext& context_;
  Diagnostics& diagnostics_;
  Vocabulary vocabulary_;
  DecisionRules rules_;
};

}  // namespace tidegate::gates
