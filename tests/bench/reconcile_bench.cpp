// How long the reconciliation of N rows takes, and how much memory: `reconcile-bench DIRECTORY [ROWS [KILLS]]`. Writes
// both CSV files with planted differences first (not timed), then runs the engine and checks that it found exactly
// those. With KILLS, the engine runs in a process that is killed (SIGKILL) in the middle so many times, each time
// somewhere else, and goes on from where it had come.

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "base/file.hpp"
#include "base/random.hpp"
#include "base/time.hpp"
#include "platform/reconciliation/engine.hpp"

namespace {

using namespace tidegate;
using namespace tidegate::platform;

struct Planted {
  std::int64_t missing = 0, unexpected = 0, mismatched = 0, duplicates = 0, late = 0;
};

/// One difference of each kind in every 100,003 rows.
Planted write_inputs(const std::string& directory, std::int64_t rows) {
  std::FILE* ours = std::fopen((directory + "/ours.csv").c_str(), "w");
  std::FILE* told = std::fopen((directory + "/statement.csv").c_str(), "w");
  std::fputs("reference,amount,currency,at_ms,merchant\n", ours);
  std::fputs("sequence,reference,amount,currency,at_ms\n", told);
  Planted planted;
  Draws draws(1, 1, 1);
  const auto tell = [&](std::int64_t number, const char* prefix, long long amount, long long at_ms) {
    std::fprintf(told, "%lld,%s%016llx-a1,%lld,EUR,%lld\n", static_cast<long long>(number), prefix,
                 static_cast<unsigned long long>(number), amount, at_ms);
  };
  for (std::int64_t i = 1; i <= rows; ++i) {
    const auto amount = static_cast<long long>(draws.between(1, 500'000));
    const long long at_ms = 1'700'000'000'000 + i;
    std::fprintf(ours, "pay_%016llx-a1,%lld,EUR,%lld,mer_%06lld\n", static_cast<unsigned long long>(i), amount, at_ms,
                 static_cast<long long>(i % 1000));
    switch (i % 100'003) {
      case 1:
        ++planted.missing;
        break;
      case 2:
        ++planted.mismatched;
        tell(i, "pay_", amount + 1, at_ms);
        break;
      case 3:
        ++planted.duplicates;
        tell(i, "pay_", amount, at_ms);
        tell(i, "pay_", amount, at_ms);
        break;
      case 4:
        ++planted.late;
        tell(i, "pay_", amount, at_ms + 2 * kMatchWithinMs);
        break;
      case 5:
        ++planted.unexpected;
        tell(i, "xxx_", amount, at_ms);
        tell(i, "pay_", amount, at_ms);
        break;
      default:
        tell(i, "pay_", amount, at_ms);
    }
  }
  std::fclose(ours);
  std::fclose(told);
  return planted;
}

/// Runs the engine in a child that ends itself by SIGKILL after `pieces` pieces of work. False: it had finished before.
bool run_until_killed(const std::string& directory, std::int64_t pieces) {
  const pid_t child = ::fork();
  if (child == 0) {
    std::atomic<bool> stopping{false};
    ReconciliationRun run(directory);
    run.on_progress([&pieces](std::string_view, std::int64_t, std::int64_t) {
      if (--pieces == 0) ::kill(::getpid(), SIGKILL);
    });
    const auto summary = run.run(stopping);
    ::_exit(summary ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

long peak_mib() {
  rusage own{}, children{};
  getrusage(RUSAGE_SELF, &own);
  getrusage(RUSAGE_CHILDREN, &children);
  return std::max(own.ru_maxrss, children.ru_maxrss) / 1024;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("usage: reconcile-bench DIRECTORY [ROWS [KILLS]]\n", stderr);
    return 104;
  }
  const std::string directory = argv[1];
  const std::int64_t rows = argc > 2 ? std::atoll(argv[2]) : 20'000'000;
  if (!make_directories(directory)) return 1;
  const Planted planted = write_inputs(directory, rows);
  const std::int64_t kills = argc > 3 ? std::atoll(argv[3]) : 0;
  const Nanoseconds began = monotonic_now();
  Draws moments(2, 2, 2);
  std::int64_t killed = 0;
  while (killed < kills && run_until_killed(directory, moments.between(2, 40))) ++killed;
  std::atomic<bool> stopping{false};
  const auto summary = ReconciliationRun(directory).run(stopping);
  const double seconds = to_seconds(monotonic_now() - began);
  if (!summary) {
    std::fprintf(stderr, "%s\n", summary.error().message.c_str());
    return 1;
  }
  const Tally& tally = summary->tally;
  const bool exact = tally.of(Match::missing) == planted.missing &&
                     tally.of(Match::amount_mismatch) == planted.mismatched &&
                     tally.of(Match::duplicate) == planted.duplicates && tally.of(Match::late) == planted.late &&
                     tally.of(Match::unexpected) == planted.unexpected &&
                     tally.of(Match::matched) == rows - planted.missing - planted.mismatched - planted.late;
  std::printf("%lld rows: %.2f s, %ld MiB at most, killed %lld times, %s\n", static_cast<long long>(rows), seconds,
              peak_mib(), static_cast<long long>(killed), exact ? "exactly what was planted" : "NOT what was planted");
  return exact && killed == kills ? 0 : 1;
}
