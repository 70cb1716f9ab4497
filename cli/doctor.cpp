#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cstdio>
#include <functional>
#include <iostream>

#include "base/file.hpp"
#include "base/units.hpp"
#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "record/run.hpp"

namespace tidegate::cli {
namespace {

struct Check {
  std::string name;
  bool good;
  bool needed;  // not good: nothing runs; else it is only told
  std::string says;
};

Check platform_program() {
  const std::string path = executable_directory() + "/tidegate-platform";
  const bool there = access(path.c_str(), X_OK) == 0;
  return {"tidegate-platform", there, true,
          there ? "found beside tidegate" : "not found beside tidegate; build it with `./dev build`"};
}

Check cores() {
  const int count = record::this_machine().cores;
  return {"cores", count >= 2, false,
          count >= 2 ? fmt::format("{}", count)
                     : "1; the load generator and the stack will disturb each other, expect INCONCLUSIVE"};
}

Check descriptors() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  return {"file descriptors", limit.rlim_max >= 4096, false,
          fmt::format("{} (soft), {} (hard); each connection takes one here and two in a fault proxy", limit.rlim_cur,
                      limit.rlim_max)};
}

Check disk() {
  struct statvfs volume {};
  if (statvfs(".", &volume) != 0) return {"disk", false, true, "the working directory cannot be examined"};
  const std::uint64_t free = std::uint64_t{volume.f_bavail} * volume.f_frsize;
  return {"disk", free > (1ULL << 30), false, format_bytes(free) + " free for run directories"};
}

Check writable() {
  const bool good = access(".", W_OK) == 0;
  return {"working directory", good, true, good ? "writable" : "not writable; give `--out DIR`"};
}

Check pidfd() {
  const bool good = access("/proc/self/fdinfo", R_OK) == 0;
  return {"/proc", good, true, good ? "mounted" : "not mounted; process supervision needs it"};
}

int doctor() {
  int missing = 0;
  for (const auto& check : {platform_program, cores, descriptors, disk, writable, pidfd}) {
    const Check result = check();
    if (!result.good && result.needed) ++missing;
    std::cout << fmt::format("{:<5} {:<18} {}\n",
                             result.good     ? "ok"
                             : result.needed ? "LACKS"
                                             : "low",
                             result.name, result.says);
  }
  return missing == 0 ? 0 : record::exit_code::error;
}

}  // namespace

void add_doctor(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("doctor", "Say what this machine lacks for a rehearsal");
  command->callback([&exit_code] { exit_code = doctor(); });
}

}  // namespace tidegate::cli
