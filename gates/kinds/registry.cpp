#include <array>

#include "gates/kinds/kinds.hpp"

namespace tidegate::gates {

std::span<const GateKind> gate_kinds() {
  static const std::array kKinds = {expect_kind(), lag_kind(),     budget_kind(), recovery_kind(),
                                    audit_kind(),  compare_kind(), probe_kind()};
  return kKinds;
}

const GateKind* find_gate_kind(std::string_view name) {
  for (const GateKind& kind : gate_kinds()) {
    if (kind.name == name) return &kind;
  }
  return nullptr;
}

}  // namespace tidegate::gates
