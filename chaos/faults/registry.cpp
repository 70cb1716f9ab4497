#include "chaos/faults/registry.hpp"

#include <fmt/format.h>

#include "base/assert.hpp"

namespace tidegate::chaos {

std::string_view to_string(TargetKind kind) noexcept {
  switch (kind) {
    case TargetKind::link:
      return "link";
    case TargetKind::process:
      return "process";
    case TargetKind::store:
      return "store";
  }
  return "";
}

std::string_view to_string(Direction direction) noexcept {
  return direction == Direction::upstream ? "upstream" : "downstream";
}

const std::vector<FaultKind>& fault_kinds() {
  static const std::vector<FaultKind> kinds{kill_fault(), latency_fault(), partition_fault()};
  return kinds;
}

const FaultKind* find_fault_kind(std::string_view name) {
  for (const FaultKind& kind : fault_kinds()) {
    if (kind.name == name) return &kind;
  }
  return nullptr;
}

bool check_parameters(const FaultKind& kind, const yaml::Node& parameters, const std::string& what,
                      Diagnostics& diagnostics) {
  if (!schema::check(parameters, *kind.parameters, what, diagnostics)) return false;
  const std::size_t before = diagnostics.size();
  kind.check(parameters, diagnostics);
  return diagnostics.size() == before;
}

std::string fault_table() {
  std::string table =
      "| fault | target | does | parameters | a hit is | heal |\n"
      "|---|---|---|---|---|---|\n";
  for (const FaultKind& kind : fault_kinds()) {
    std::string parameters;
    for (const schema::Field& field : kind.parameters->fields) {
      parameters += fmt::format("{}`{}`: {}", parameters.empty() ? "" : "<br>", field.name, field.doc);
    }
    table += fmt::format("| `{}` | {} | {} | {} | {} | {} |\n", kind.name, to_string(kind.target), kind.summary,
                         parameters, kind.hit, kind.recovery);
  }
  return table;
}

}  // namespace tidegate::chaos
