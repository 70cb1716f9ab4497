#include "runner/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "base/units.hpp"

namespace tidegate::runner {
namespace {
constexpr int kPlainEvery = 5;
}

std::string progress_line(const ProgressState& state) {
  const auto left = std::max<std::int64_t>(0, state.end - second_of(state.now));
  std::string line = fmt::format("{:>4}s {:<9} {:>6.0f}/s of {:<6.0f} p50 {:<8} p99 {:<8}", second_of(state.now),
                                 state.stage, state.load.achieved_rate, state.load.target_rate,
                                 format_duration(state.load.p50), format_duration(state.load.p99));
  line += fmt::format(" errors {} dropped {} vus {}", state.load.errors, state.load.dropped, state.load.vus);
  if (state.worst_lag_s >= 0) line += fmt::format(" lag {}", format_seconds(state.worst_lag_s));
  for (const std::string& fault : state.active_faults) line += " !" + fault;
  line += fmt::format(" ETA {}s", left);
  return line;
}

ProgressPrinter::ProgressPrinter(bool quiet) : quiet_(quiet), terminal_(isatty(STDERR_FILENO) != 0) {}

ProgressPrinter::~ProgressPrinter() {
  clear();
}

void ProgressPrinter::clear() {
  if (line_open_) std::fputs("\r\x1b[K", stderr);
  line_open_ = false;
}

void ProgressPrinter::update(const ProgressState& state) {
  if (quiet_) return;
  if (terminal_) {
    std::fprintf(stderr, "\r\x1b[K%s", progress_line(state).c_str());
    std::fflush(stderr);
    line_open_ = true;
  } else if (++since_plain_ >= kPlainEvery) {
    since_plain_ = 0;
    std::fprintf(stderr, "%s\n", progress_line(state).c_str());
  }
}

void ProgressPrinter::note(const std::string& text) {
  if (quiet_) return;
  clear();
  std::fprintf(stderr, "%s\n", text.c_str());
}

}  // namespace tidegate::runner
