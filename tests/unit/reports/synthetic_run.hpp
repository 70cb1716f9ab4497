#pragma once
// A run directory made from arithmetic instead of a rehearsal: a smoke run of 33 s with a slow bank and a killed
// worker.

#include <cstdint>
#include <string>

#include "record/run.hpp"

namespace tidegate::test {

struct SyntheticRun {
  std::int32_t seconds = 33;
  std::string step = "create_payment";  ///< put something hostile here
  bool failing = true;                  ///< gates and the audit fail; else everything passes
  int more_steps = 0;                   ///< besides the two, each with a histogram and a counter a second
  bool finished = true;                 ///< false: killed in the middle, no verdict, no end of the event log
};

/// Writes every file of a run, except the report, into a new directory.
record::RunDirectory write_synthetic_run(const std::string& path, const SyntheticRun& run);

record::RunInfo synthetic_info(const SyntheticRun& run);
record::Verdict synthetic_verdict(const SyntheticRun& run);

}  // namespace tidegate::test
