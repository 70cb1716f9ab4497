// Goal: a child that holds nothing of the parent but what it was given, and cannot outlive it.
// Method: everything that allocates happens before fork; between fork and exec the child only makes system calls, since
// another thread of the parent may have held any lock. A failed step is sent back over a pipe that exec closes.

#include "base/process_launch.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/pidfd.hpp"

namespace tidegate::detail {
namespace {

enum class Step : int { parent_gone, session, scheduling, directory, descriptors, execute };

struct Failure {
  Step step;
  int error_number;
};

const char* name_of(Step step) {
  switch (step) {
    case Step::parent_gone:
      return "outlive the parent of";
    case Step::session:
      return "open a session for";
    case Step::scheduling:
      return "set the CPU scheduling of";
    case Step::directory:
      return "enter the working directory of";
    case Step::descriptors:
      return "hand the descriptors to";
    case Step::execute:
      return "start";
  }
  return "start";
}

/// All that the child needs, made before the fork.
struct Plan {
  const ProcessOptions* options = nullptr;
  std::string program;
  std::vector<std::string> environment;
  std::vector<char*> argument_pointers;
  std::vector<char*> environment_pointers;
  FileDescriptor input;
  FileDescriptor output;
  FileDescriptor report;
  pid_t parent = -1;
};

std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (const auto& text : texts) out.push_back(const_cast<char*>(text.c_str()));  // NOLINT: execve's signature
  out.push_back(nullptr);
  return out;
}

std::vector<std::string> merged_environment(const std::map<std::string, std::string>& added) {
  std::vector<std::string> out;
  for (char** variable = environ; *variable; ++variable) {
    const std::string_view text(*variable);
    if (!added.contains(std::string(text.substr(0, text.find('='))))) out.emplace_back(text);
  }
  for (const auto& [name, value] : added) out.push_back(name + "=" + value);
  return out;
}

/// The path of a program: itself when it has a slash, else the first one in PATH that can be executed.
Result<std::string> find_program(const ProcessOptions& options) {
  const std::string& name = options.command.front();
  if (name.find('/') != std::string::npos) return name;
  const auto own_path = options.environment.find("PATH");
  const char* inherited = std::getenv("PATH");
  std::string_view path = own_path != options.environment.end() ? std::string_view(own_path->second)
                                                                : std::string_view(inherited ? inherited : "");
  while (!path.empty()) {
    const std::string_view directory = path.substr(0, path.find(':'));
    path.remove_prefix(std::min(path.size(), directory.size() + 1));
    std::string candidate = std::string(directory.empty() ? "." : directory) + "/" + name;
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return machine_error("start " + name + ": not found in PATH");
}

/// Opened above 2, so that it survives the child's rearranging of 0, 1 and 2.
Result<FileDescriptor> open_high(const std::string& path, int flags) {
  const FileDescriptor low(::open(path.c_str(), flags | O_CLOEXEC, 0644));
  if (!low) return system_error("open " + path, errno);
  FileDescriptor high(::fcntl(low.get(), F_DUPFD_CLOEXEC, 3));
  if (!high) return system_error("open " + path, errno);
  return high;
}

Result<Plan> prepare(const ProcessOptions& options) {
  if (options.command.empty() || options.command.front().empty()) return internal_error("start a process: no program");
  Plan plan;
  plan.options = &options;
  plan.parent = ::getpid();
  auto program = find_program(options);
  if (!program) return program.error();
  plan.program = *std::move(program);
  plan.environment = merged_environment(options.environment);
  plan.argument_pointers = pointers_to(options.command);
  plan.environment_pointers = pointers_to(plan.environment);
  auto input = open_high("/dev/null", O_RDONLY);
  if (!input) return input.error();
  plan.input = *std::move(input);
  if (!options.output_path.empty()) {
    auto output = open_high(options.output_path, O_WRONLY | O_CREAT | O_APPEND);
    if (!output) return output.error();
    plan.output = *std::move(output);
  }
  return plan;
}

// From here to `run_child` everything runs in the child between fork and exec: system calls only.

[[noreturn]] void fail(const Plan& plan, Step step) {
  const Failure failure{step, errno};
  if (::write(plan.report.get(), &failure, sizeof failure) < 0) ::_exit(126);
  ::_exit(127);
}

void reset_signals() {
  struct sigaction usual {};
  usual.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number) ::sigaction(number, &usual, nullptr);  // fails for KILL and STOP
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

bool arrange_descriptors(const Plan& plan) {
  if (::dup2(plan.input.get(), 0) < 0) return false;
  if (plan.output && (::dup2(plan.output.get(), 1) < 0 || ::dup2(plan.output.get(), 2) < 0)) return false;
  if (::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) != 0) {
    // Before Linux 5.11 the flag is unknown: one by one.
    const long highest = ::sysconf(_SC_OPEN_MAX);
    for (int fd = 3; fd < highest; ++fd) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  }
  for (const int fd : plan.options->inherited_descriptors) {
    if (::fcntl(fd, F_SETFD, 0) != 0) return false;
  }
  return true;
}

[[noreturn]] void run_child(const Plan& plan) {
  const ProcessOptions& options = *plan.options;
  if (options.die_with_parent) {
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) fail(plan, Step::parent_gone);
    // The parent may have died before the line above: then no signal will come.
    if (::getppid() != plan.parent) fail(plan, Step::parent_gone);
  }
  if (options.new_session && ::setsid() < 0) fail(plan, Step::session);
  constexpr sched_param kNoPriority{};
  if (options.idle_scheduling && ::sched_setscheduler(0, SCHED_IDLE, &kNoPriority) != 0) fail(plan, Step::scheduling);
  if (!options.working_directory.empty() && ::chdir(options.working_directory.c_str()) != 0) {
    fail(plan, Step::directory);
  }
  if (!arrange_descriptors(plan)) fail(plan, Step::descriptors);
  reset_signals();
  ::execve(plan.program.c_str(), plan.argument_pointers.data(), plan.environment_pointers.data());
  fail(plan, Step::execute);
}

/// Forks with all signals blocked, so that none of the parent's handlers runs in the child.
pid_t fork_child(const Plan& plan) {
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t pid = ::fork();
  if (pid == 0) run_child(plan);
  const int why = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = why;
  return pid;
}

void kill_and_reap(pid_t pid) {
  ::kill(pid, SIGKILL);  // ours and not reaped: the number cannot be another's
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

/// Waits until exec closes the pipe or the child reports why it did not come to that.
Result<void> wait_for_exec(int pipe, const ProcessOptions& options) {
  constexpr int kLimitMilliseconds = 10'000;
  const std::string& name = options.command.front();
  Failure failure{};
  for (;;) {
    pollfd ready{pipe, POLLIN, 0};
    const int events = ::poll(&ready, 1, kLimitMilliseconds);
    if (events == 0) return timeout_error("start " + name + ": no exec within 10 s");
    if (events < 0 && errno == EINTR) continue;
    const ssize_t got = ::read(pipe, &failure, sizeof failure);
    if (got == 0) return {};
    if (got == sizeof failure)
      return system_error(std::string(name_of(failure.step)) + " " + name, failure.error_number);
    if (got < 0 && errno != EINTR) return system_error("start " + name, errno);
  }
}

}  // namespace

Result<Launched> launch(const ProcessOptions& options) {
  auto plan = prepare(options);
  if (!plan) return plan.error();
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return system_error("start " + options.command.front(), errno);
  const FileDescriptor report_read(ends[0]);
  FileDescriptor low_write(ends[1]);
  plan->report = FileDescriptor(::fcntl(low_write.get(), F_DUPFD_CLOEXEC, 3));
  low_write.reset();
  if (!plan->report) return system_error("start " + options.command.front(), errno);

  Launched launched;
  launched.pid = fork_child(*plan);
  if (launched.pid < 0) return system_error("start " + options.command.front(), errno);
  plan->report.reset();
  launched.pidfd = FileDescriptor(::pidfd_open(launched.pid, 0));
  const int why = errno;
  auto executed = wait_for_exec(report_read.get(), options);
  if (executed && !launched.pidfd) executed = system_error("watch " + options.command.front(), why);
  if (!executed) {
    kill_and_reap(launched.pid);
    return executed.error();
  }
  return launched;
}

}  // namespace tidegate::detail
