#pragma once
// One part of the evidence, brought together name by name and shown to the checkers.

#include <vector>

#include "audit/checker.hpp"
#include "audit/evidence.hpp"

namespace tidegate::audit {

/// A checker and where it puts what it finds in this part.
struct Asking {
  const Checker* checker = nullptr;
  Finding* finding = nullptr;
};

/// Each shows every case of the part to the checkers that ask about its kind. An error is one of reading the evidence.
Result<void> join_keys(Evidence& evidence, std::size_t part, const Terms& terms, const std::vector<Asking>& asking);
Result<void> join_payments(Evidence& evidence, std::size_t part, const Terms& terms, const std::vector<Asking>& asking);
Result<void> join_numbers(Evidence& evidence, std::size_t part, const Terms& terms, const std::vector<Asking>& asking);
Result<void> join_notices(Evidence& evidence, std::size_t part, const Terms& terms, const std::vector<Asking>& asking);
Result<void> join_references(Evidence& evidence, std::size_t part, const Terms& terms,
                             const std::vector<Asking>& asking);

}  // namespace tidegate::audit
