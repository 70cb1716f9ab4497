#include "chaos/process_target.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "base/pidfd.hpp"
#include "base/units.hpp"

namespace tidegate::chaos {
namespace {

// The fields of /proc/PID/stat after the program's name, which may hold spaces and parentheses itself.
std::vector<std::string> stat_fields(int pid) {
  const auto text = read_file("/proc/" + std::to_string(pid) + "/stat");
  std::vector<std::string> fields;
  if (!text) return fields;
  const auto name_end = text->rfind(')');
  if (name_end == std::string::npos) return fields;
  std::string field;
  for (std::size_t i = name_end + 2; i < text->size(); ++i) {
    if ((*text)[i] != ' ' && (*text)[i] != '\n') {
      field += (*text)[i];
    } else {
      fields.push_back(std::exchange(field, {}));
    }
  }
  return fields;
}

constexpr std::size_t kState = 0, kStart = 19;

}  // namespace

std::uint64_t process_start_ticks(int pid) {
  const auto fields = stat_fields(pid);
  if (fields.size() <= kStart) return 0;
  const auto ticks = parse_integer(fields[kStart]);
  return ticks ? static_cast<std::uint64_t>(*ticks) : 0;
}

Result<ProcessTarget> ProcessTarget::open(int pid, std::uint64_t started) {
  FileDescriptor pidfd(::pidfd_open(pid, 0));
  if (!pidfd) {
    return errno == ESRCH ? usage_error("there is no process " + std::to_string(pid))
                          : system_error("open process " + std::to_string(pid), errno);
  }
  // Looked at once the descriptor is open: from here on the number cannot be another's without the descriptor saying
  // so.
  if (started != 0 && process_start_ticks(pid) != started) {
    return usage_error("process " + std::to_string(pid) + " is another one by now");
  }
  return ProcessTarget(std::move(pidfd), pid);
}

bool ProcessTarget::alive() const {
  pollfd ended{pidfd_.get(), POLLIN, 0};
  return ::poll(&ended, 1, 0) == 0;
}

Result<void> ProcessTarget::signal(int number) const {
  if (::pidfd_send_signal(pidfd_.get(), number, nullptr, 0) == 0) return {};
  return system_error("signal process " + std::to_string(pid_), errno);
}

bool ProcessTarget::stopped() const {
  const auto fields = stat_fields(pid_);
  return fields.size() > kState && fields[kState] == "T" && alive();
}

// prlimit knows processes by number only; while the process has not been reaped, the number is its own.
Result<rlimit> ProcessTarget::limit(int resource) const {
  rlimit now{};
  if (!alive()) return machine_error("process " + std::to_string(pid_) + " is gone");
  if (::prlimit(pid_, static_cast<__rlimit_resource>(resource), nullptr, &now) == 0) return now;
  return system_error("read a limit of process " + std::to_string(pid_), errno);
}

Result<void> ProcessTarget::set_limit(int resource, const rlimit& limit) const {
  if (!alive()) return machine_error("process " + std::to_string(pid_) + " is gone");
  if (::prlimit(pid_, static_cast<__rlimit_resource>(resource), &limit, nullptr) == 0) return {};
  return system_error("set a limit of process " + std::to_string(pid_), errno);
}

Result<ProcessTarget> ProcessTarget::duplicate() const {
  FileDescriptor copy(::fcntl(pidfd_.get(), F_DUPFD_CLOEXEC, 0));
  if (!copy) return system_error("duplicate a descriptor", errno);
  return ProcessTarget(std::move(copy), pid_);
}

Result<void> Undo::apply(const ProcessTarget& target) const {
  if (!target.alive()) return {};
  if (go_on) {
    if (auto went_on = target.signal(SIGCONT); !went_on && target.alive()) return went_on;
  }
  if (resource < 0) return {};
  auto set = target.set_limit(resource, limit);
  return set || !target.alive() ? Result<void>() : set;
}

json::object to_json(const Undo& undo) {
  return {{"go_on", undo.go_on},
          {"resource", undo.resource},
          {"soft", std::to_string(undo.limit.rlim_cur)},
          {"hard", std::to_string(undo.limit.rlim_max)}};
}

Undo undo_from_json(const json::object& object) {
  Undo undo;
  undo.go_on = boolean_member(object, "go_on").value_or(false);
  undo.resource = static_cast<int>(integer_member(object, "resource").value_or(-1));
  undo.limit.rlim_cur = std::strtoull(string_member(object, "soft").value_or("0").c_str(), nullptr, 10);
  undo.limit.rlim_max = std::strtoull(string_member(object, "hard").value_or("0").c_str(), nullptr, 10);
  return undo;
}

}  // namespace tidegate::chaos
