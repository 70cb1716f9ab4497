#pragma once
// What makes two runs comparable: the same scenario on the same kind of machine.

#include <string>

#include "base/result.hpp"
#include "record/run.hpp"

namespace tidegate::gates {

struct Fingerprint {
  std::string scenario;  ///< hash of the resolved stack, load, flows, data, phases and faults; not of gates or text
  std::string machine;   ///< CPU model, cores, memory and kernel series; not the host's name
  bool operator==(const Fingerprint&) const = default;
};
Fingerprint fingerprint(const record::RunInfo& run);

/// Empty when comparable; otherwise what differs, in a sentence.
std::string mismatch(const record::RunInfo& baseline, const record::RunInfo& candidate);

}  // namespace tidegate::gates
