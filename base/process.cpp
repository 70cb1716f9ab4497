#include "base/process.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <utility>

#include "base/pidfd.hpp"
#include "base/process_launch.hpp"

namespace tidegate {
namespace {

ExitStatus status_of(const siginfo_t& information) {
  if (information.si_code == CLD_EXITED) return {information.si_status, 0};
  return {0, information.si_status};
}

}  // namespace

std::string ExitStatus::text() const {
  if (signal == 0) return "exit " + std::to_string(code);
  const char* name = ::sigabbrev_np(signal);
  return name ? std::string("killed by SIG") + name : "killed by signal " + std::to_string(signal);
}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  if (this == &other) return *this;
  stop(Nanoseconds{0});
  pid_ = std::exchange(other.pid_, -1);
  pidfd_ = std::move(other.pidfd_);
  status_ = std::exchange(other.status_, std::nullopt);
  return *this;
}

ChildProcess::~ChildProcess() {
  stop(Nanoseconds{0});
}

Result<ChildProcess> ChildProcess::start(const ProcessOptions& options) {
  auto launched = detail::launch(options);
  if (!launched) return launched.error();
  ChildProcess child;
  child.pid_ = launched->pid;
  child.pidfd_ = std::move(launched->pidfd);
  return child;
}

Result<void> ChildProcess::signal(int signal_number) {
  if (!pidfd_ || poll()) return closed_error("signal a process that has ended");
  if (::pidfd_send_signal(pidfd_.get(), signal_number, nullptr, 0) == 0) return {};
  return system_error("signal process " + std::to_string(pid_), errno);
}

std::optional<ExitStatus> ChildProcess::poll() {
  if (status_ || !pidfd_) return status_;
  siginfo_t information{};
  const int answer = ::waitid(P_PIDFD, static_cast<id_t>(pidfd_.get()), &information, WEXITED | WNOHANG);
  if (answer == 0 && information.si_pid != 0) status_ = status_of(information);
  // Reaped by somebody else: its status is lost, but it has ended.
  if (answer != 0 && errno == ECHILD) status_ = ExitStatus{-1, 0};
  return status_;
}

std::optional<ExitStatus> ChildProcess::wait(Nanoseconds limit) {
  if (!pidfd_) return status_;
  const Nanoseconds deadline = monotonic_now() + limit;
  while (!poll()) {
    const Nanoseconds left = deadline - monotonic_now();
    if (left <= Nanoseconds{0}) return std::nullopt;
    pollfd ended{pidfd_.get(), POLLIN, 0};
    const timespec timeout{static_cast<time_t>(left.count() / 1'000'000'000), left.count() % 1'000'000'000};
    ::ppoll(&ended, 1, &timeout, nullptr);  // whatever it answers, the loop looks again
  }
  return status_;
}

ExitStatus ChildProcess::stop(Nanoseconds grace) {
  if (!pidfd_) return status_.value_or(ExitStatus{});
  if (grace > Nanoseconds{0} && signal(SIGTERM)) {
    // A frozen process takes SIGTERM only once it continues.
    (void)signal(SIGCONT);
    wait(grace);
  }
  (void)signal(SIGKILL);
  // A process that the kernel holds longer than this is left to init.
  return wait(std::chrono::seconds(30)).value_or(ExitStatus{0, SIGKILL});
}

Nanoseconds ChildProcess::cpu_time() const {
  return running() ? cpu_time_of(pid_).value_or(Nanoseconds{0}) : Nanoseconds{0};
}

std::optional<Nanoseconds> cpu_time_of(pid_t pid) {
  clockid_t clock{};
  timespec used{};
  if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &used) != 0) return std::nullopt;
  return std::chrono::seconds(used.tv_sec) + Nanoseconds(used.tv_nsec);
}

}  // namespace tidegate
