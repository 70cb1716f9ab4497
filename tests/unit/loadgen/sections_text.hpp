#pragma once
// Plans from YAML texts, for tests.

#include <memory>
#include <string>

#include "loadgen/plan.hpp"

namespace tidegate::loadgen {

struct Compiled {
  std::unique_ptr<Plan> plan;
  std::string messages;  ///< every diagnostic, one a line
  std::size_t count = 0;
};

/// The scenario language's example, without the sections of other folders.
extern const char* const kPaymentScenario;

/// Adds flow `a` and a load block for it where a text has none.
std::string with_defaults(const std::string& text);

/// Compiles the sections of a text. Phases: warmup 0-3, ramp 3-10, peak 10-25, recovery 25-33. DIRECTORY in the text
/// stands for a directory that holds shops.csv (name,currency: Ada,EUR; Bob,USD; Cy,JPY).
Compiled compile_text(const std::string& text, std::uint64_t seed = 1, SegmentChoice segment = {});

}  // namespace tidegate::loadgen
