#include "runner/progress.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "base/units.hpp"
#include "runner/dashboard.hpp"

namespace tidegate::runner {
namespace {
constexpr int kPlainEvery = 5;
constexpr std::size_t kUsualColumns = 80;

bool is_terminal() {
  const char* kind = std::getenv("TERM");
  return ::isatty(STDERR_FILENO) != 0 && kind != nullptr && std::string_view(kind) != "dumb";
}

/// One less than there are: a full line would wrap.
std::size_t terminal_columns() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 20) return kUsualColumns - 1;
  return size.ws_col - 1U;
}

}  // namespace

std::string progress_line(const ProgressState& state) {
  const auto left = std::max<std::int64_t>(0, state.end - second_of(state.now));
  std::string line = fmt::format("{:>4}s {:<9} {:>6.0f}/s of {:<6.0f} p50 {:<8} p99 {:<8}", second_of(state.now),
                                 state.stage, state.load.achieved_rate, state.load.target_rate,
                                 format_duration(state.load.p50), format_duration(state.load.p99));
  line += fmt::format(" errors {} dropped {} vus {}", state.load.errors, state.load.dropped, state.load.vus);
  if (state.load.limits.all() > 0) line += " (" + state.load.limits.text() + ")";
  if (state.worst_lag_s >= 0) line += fmt::format(" lag {}", format_seconds(state.worst_lag_s));
  for (const std::string& fault : state.active_faults) line += " !" + fault;
  line += fmt::format(" ETA {}s", left);
  return line;
}

ProgressPrinter::ProgressPrinter(bool quiet)
    : quiet_(quiet), terminal_(is_terminal()), dashboard_(std::make_unique<Dashboard>()) {}

ProgressPrinter::~ProgressPrinter() {
  clear();
}

void ProgressPrinter::clear() {
  if (open_lines_ > 0) std::fprintf(stderr, "\x1b[%zuA\r\x1b[J", open_lines_);
  open_lines_ = 0;
}

void ProgressPrinter::update(const ProgressState& state) {
  if (quiet_) return;
  if (terminal_) {
    std::string painted;
    const std::vector<std::string> lines = dashboard_->lines(state, terminal_columns());
    for (const std::string& line : lines) painted += line + "\n";
    clear();
    std::fputs(painted.c_str(), stderr);
    std::fflush(stderr);
    open_lines_ = lines.size();
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
