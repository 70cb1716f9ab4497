#include "gates/gate_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/schema.hpp"
#include "base/units.hpp"

namespace tidegate::gates {

GateReader::GateReader(const std::string& name, const yaml::Node& gate, const GateContext& context,
                       Diagnostics& diagnostics)
    : name_(name), gate_(gate), context_(context), diagnostics_(diagnostics), vocabulary_(context) {
  read_rules();
}

void GateReader::mistake(const yaml::Node& node, std::string message, std::string suggestion, std::size_t offset) {
  Mark mark = node.mark();
  if (mark.column > 0) mark.column += static_cast<int>(offset) + (node.quoted() && offset > 0 ? 1 : 0);
  diagnostics_.add(mark, fmt::format("gate '{}': {}", name_, message), std::move(suggestion));
}

void GateReader::read_rules() {
  if (const yaml::Node* node = gate_.find("confidence")) {
    const auto share = parse_share(node->text());
    if (node->text() == "none") {
      rules_.confidence.reset();
    } else if (share && *share > 0.5 && *share < 1) {
      rules_.confidence = *share;
    } else {
      mistake(*node,
              fmt::format("confidence '{}' must be none or a share between 50% and 100%, such as 95%", node->text()));
    }
  }
  if (const yaml::Node* node = gate_.find("min_samples")) {
    rules_.min_samples = static_cast<std::uint64_t>(schema::as_integer(*node));
  }
}

void GateReader::add_mistakes(const yaml::Node& node, const std::vector<SyntaxMistake>& mistakes) {
  for (const SyntaxMistake& one : mistakes) mistake(node, one.message, one.suggestion, one.offset);
}

std::optional<Expression> GateReader::expression(const yaml::Node& node) {
  std::vector<SyntaxMistake> mistakes;
  auto parsed = parse_expression(node.text(), vocabulary_, mistakes);
  add_mistakes(node, mistakes);
  return parsed;
}

std::optional<Measure> GateReader::measure(const yaml::Node& node) {
  std::vector<SyntaxMistake> mistakes;
  auto parsed = parse_measure(node.text(), vocabulary_, mistakes);
  add_mistakes(node, mistakes);
  return parsed;
}

std::optional<Limit> GateReader::limit(const yaml::Node& node, Dimension dimension) {
  auto parsed = parse_limit(node.text(), dimension);
  if (parsed) return *parsed;
  mistake(node, parsed.error().message);
  return std::nullopt;
}

bool GateReader::known(const yaml::Node& node, const std::string& name, const std::vector<std::string>& names,
                       const std::string& what) {
  if (std::find(names.begin(), names.end(), name) != names.end()) return true;
  mistake(node, fmt::format("unknown {} '{}'", what, name), nearest_spelling(name, names));
  return false;
}

}  // namespace tidegate::gates
