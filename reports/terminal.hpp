#pragma once
// The summary at the end of a run: what a person reads first, and often all that they read.

#include <string>

#include "record/run.hpp"
#include "record/verdict.hpp"
#include "reports/totals.hpp"

namespace tidegate::reports {

struct TerminalOptions {
  bool colour = false;  ///< ANSI colours; the caller looks at NO_COLOR and at whether it writes to a terminal
  int width = 100;      ///< columns; texts wrap there, at 60 at the least
  std::string report;   ///< where the report is; empty: not said
  const RunTotals* totals = nullptr;  ///< what the requests came to; null: not known
};

/// In k6's order: what was asked (gates) first, then what happened (faults, audit, lag, requests, execution, network).
/// Lines that end in newlines. The verdict is on the first and on the last of them. Control characters and escape
/// sequences inside names and reasons are shown as U+FFFD, never sent to the terminal.
std::string render_terminal(const record::RunInfo& info, const record::Verdict& verdict,
                            const TerminalOptions& options);

}  // namespace tidegate::reports
