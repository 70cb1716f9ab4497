#include "base/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/pidfd.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/base/scratch.hpp"

namespace tidegate {
namespace {

using namespace std::chrono_literals;

constexpr Nanoseconds kDeadline = 20s;

ProcessOptions shell(std::string script) {
  ProcessOptions options;
  options.command = {"/bin/sh", "-c", std::move(script)};
  return options;
}

ExitStatus run(const ProcessOptions& options) {
  auto child = ChildProcess::start(options);
  if (!child) FAIL(child.error().message);
  const auto status = child->wait(kDeadline);
  if (!status) FAIL("it did not end in time");
  return *status;
}

struct Pipe {
  FileDescriptor read_end, write_end;
  Pipe() {
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    read_end.reset(ends[0]);
    write_end.reset(ends[1]);
  }
};

bool readable(int fd) {
  pollfd entry{fd, POLLIN, 0};
  return ::poll(&entry, 1, 20'000) == 1;
}

}  // namespace

TEST_CASE("a child's status is its exit code or its signal") {
  CHECK(run(shell("exit 0")).text() == "exit 0");
  CHECK(run(shell("exit 3")).text() == "exit 3");
  const ExitStatus killed = run(shell("kill -KILL $$"));
  CHECK(killed.signal == SIGKILL);
  CHECK(killed.text() == "killed by SIGKILL");
}

TEST_CASE("a program that cannot be started is an error that names it") {
  const test::ScratchDirectory scratch;
  REQUIRE(write_file_atomically(scratch / "text", "no program").ok());
  struct Row {
    std::string program, wanted;
  };
  const Row rows[] = {
      {"/no/such/program", "start /no/such/program: No such file or directory"},
      {"no-such-program-in-path", "start no-such-program-in-path: not found in PATH"},
      {scratch / "text", "start " + (scratch / "text") + ": Permission denied"},
      {scratch.path(), "start " + scratch.path() + ": Permission denied"},
  };
  for (const auto& row : rows) {
    ProcessOptions options;
    options.command = {row.program};
    const auto child = ChildProcess::start(options);
    REQUIRE_FALSE(child.ok());
    CHECK(child.error().message == row.wanted);
  }
  CHECK_FALSE(ChildProcess::start({}).ok());
  // No child is left to reap.
  CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);
}

TEST_CASE("a bad working directory or output path is an error before anything runs") {
  ProcessOptions options = shell("exit 0");
  options.working_directory = "/no/such/directory";
  auto child = ChildProcess::start(options);
  REQUIRE_FALSE(child.ok());
  CHECK(child.error().message == "enter the working directory of /bin/sh: No such file or directory");
  options = shell("exit 0");
  options.output_path = "/no/such/directory/log";
  child = ChildProcess::start(options);
  REQUIRE_FALSE(child.ok());
  CHECK(child.error().message.find("/no/such/directory/log") != std::string::npos);
}

TEST_CASE("programs are found in PATH, the given one first") {
  ProcessOptions options;
  options.command = {"sh", "-c", "exit 5"};
  CHECK(run(options).code == 5);
  const test::ScratchDirectory scratch;
  REQUIRE(write_file_atomically(scratch / "sh", "#!/bin/sh\nexit 6\n").ok());
  REQUIRE(::chmod((scratch / "sh").c_str(), 0755) == 0);
  options.environment["PATH"] = scratch.path() + ":/usr/bin:/bin";
  CHECK(run(options).code == 6);
}

TEST_CASE("output, environment, directory and input are as asked") {
  const test::ScratchDirectory scratch;
  ::setenv("TIDEGATE_TEST_KEPT", "kept", 1);
  ::setenv("TIDEGATE_TEST_REPLACED", "old", 1);
  ProcessOptions options = shell("echo $TIDEGATE_TEST_KEPT $TIDEGATE_TEST_REPLACED; pwd >&2; cat");
  options.environment["TIDEGATE_TEST_REPLACED"] = "new value";
  options.output_path = scratch / "log";
  options.working_directory = "/";
  CHECK(run(options).code == 0);  // cat ends at once: standard input is empty
  options.working_directory.clear();
  options.command.back() = "echo appended";
  CHECK(run(options).code == 0);
  CHECK(*read_file(scratch / "log") == "kept new value\n/\nappended\n");
}

TEST_CASE("only the inherited descriptors stay open") {
  const Pipe pipe;
  // Without FD_CLOEXEC, as a careless library would open them.
  const FileDescriptor leaked(::fcntl(pipe.read_end.get(), F_DUPFD, 57));
  const FileDescriptor given(::fcntl(pipe.write_end.get(), F_DUPFD, 157));
  ProcessOptions options = shell("test ! -e /proc/self/fd/" + std::to_string(leaked.get()) +
                                 " && echo hello > /proc/self/fd/" + std::to_string(given.get()));
  options.inherited_descriptors = {given.get()};
  CHECK(run(options).code == 0);
  REQUIRE(readable(pipe.read_end.get()));
  char buffer[16] = {};
  CHECK(::read(pipe.read_end.get(), buffer, sizeof buffer) == 6);
  options.inherited_descriptors = {9999};
  CHECK_FALSE(ChildProcess::start(options).ok());
}

TEST_CASE("blocked and ignored signals do not pass to the child") {
  sigset_t terminate, before;
  ::sigemptyset(&terminate);
  ::sigaddset(&terminate, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &terminate, &before);
  const auto handler_before = ::signal(SIGPIPE, SIG_IGN);
  const ExitStatus by_terminate = run(shell("kill -TERM $$; exit 7"));
  const ExitStatus by_pipe = run(shell("kill -PIPE $$; exit 7"));
  ::signal(SIGPIPE, handler_before);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  CHECK(by_terminate.signal == SIGTERM);
  CHECK(by_pipe.signal == SIGPIPE);
}

TEST_CASE("a child has a session of its own unless told otherwise") {
  ProcessOptions options;
  options.command = {"sleep", "1000"};
  auto own = ChildProcess::start(options);
  REQUIRE(own.ok());
  CHECK(::getsid(own->pid()) == own->pid());
  options.new_session = false;
  auto shared = ChildProcess::start(options);
  REQUIRE(shared.ok());
  CHECK(::getsid(shared->pid()) == ::getsid(0));
}

TEST_CASE("a child is scheduled as usual unless told otherwise, and so is what it starts") {
  auto options = shell("sleep 1000 & echo $!; wait");
  const test::ScratchDirectory scratch;
  for (const bool idle : {false, true}) {
    INFO(idle);
    options.idle_scheduling = idle;
    options.output_path = scratch / (idle ? "idle" : "other");
    auto child = ChildProcess::start(options);
    REQUIRE(child.ok());
    CHECK(::sched_getscheduler(child->pid()) == (idle ? SCHED_IDLE : SCHED_OTHER));
    const Nanoseconds deadline = monotonic_now() + kDeadline;
    std::string started;
    while (started.empty() && monotonic_now() < deadline) started = read_file(options.output_path).value();
    CHECK(::sched_getscheduler(std::stoi(started)) == (idle ? SCHED_IDLE : SCHED_OTHER));
    ::kill(std::stoi(started), SIGKILL);
  }
}

TEST_CASE("waiting is limited, and a signal reaches a running child only") {
  ProcessOptions options;
  options.command = {"sleep", "1000"};
  auto child = ChildProcess::start(options);
  REQUIRE(child.ok());
  CHECK(child->running());
  CHECK_FALSE(child->poll());
  CHECK_FALSE(child->wait(1ms));
  CHECK(child->signal(SIGUSR1).ok());
  REQUIRE(child->wait(kDeadline));
  CHECK(child->wait(0ns)->signal == SIGUSR1);
  CHECK_FALSE(child->running());
  const auto late = child->signal(SIGTERM);
  REQUIRE_FALSE(late.ok());
  CHECK(late.error().kind == Error::Kind::closed);
  CHECK(child->stop(1s).signal == SIGUSR1);  // ended before; its status stays
}

TEST_CASE("stop is polite first, then firm") {
  SECTION("a child that listens gets SIGTERM alone") {
    auto child = ChildProcess::start(shell("trap 'exit 9' TERM; while :; do sleep 0.01; done"));
    REQUIRE(child.ok());
    const ExitStatus status = child->stop(kDeadline);
    // Asked before the trap was set, the shell ends by the signal itself.
    CHECK((status.code == 9 || status.signal == SIGTERM));
  }
  SECTION("a child that does not is killed") {
    const Pipe pipe;
    ProcessOptions options = shell("trap '' TERM; echo > /proc/self/fd/" + std::to_string(pipe.write_end.get()) +
                                   "; while :; do sleep 0.01; done");
    options.inherited_descriptors = {pipe.write_end.get()};
    auto child = ChildProcess::start(options);
    REQUIRE(child.ok());
    REQUIRE(readable(pipe.read_end.get()));  // the trap is set
    CHECK(child->stop(50ms).signal == SIGKILL);
  }
  SECTION("a frozen child is woken to hear it") {
    ProcessOptions options;
    options.command = {"sleep", "1000"};
    auto child = ChildProcess::start(options);
    REQUIRE(child.ok());
    REQUIRE(child->signal(SIGSTOP).ok());
    CHECK(child->stop(kDeadline).signal == SIGTERM);
  }
  SECTION("nothing to stop is no trouble") {
    ChildProcess none;
    CHECK(none.stop(1s).text() == "exit 0");
    CHECK_FALSE(none.signal(SIGTERM).ok());
    CHECK_FALSE(none.wait(1s));
    CHECK_FALSE(none.running());
  }
}

TEST_CASE("a child does not outlive its owner object") {
  ProcessOptions options;
  options.command = {"sleep", "1000"};
  FileDescriptor first_watch, second_watch;
  {
    auto first = ChildProcess::start(options), second = ChildProcess::start(options);
    REQUIRE((first.ok() && second.ok()));
    first_watch.reset(::pidfd_open(first->pid(), 0));
    second_watch.reset(::pidfd_open(second->pid(), 0));
    *first = *std::move(second);  // the first child goes with its place
    REQUIRE(readable(first_watch.get()));
    CHECK(first->running());
  }
  CHECK(readable(second_watch.get()));
  CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);  // both were reaped
}

TEST_CASE("a child dies when its parent is killed") {
  Pipe pipe;
  const pid_t helper = ::fork();
  if (helper == 0) {
    ProcessOptions options;
    options.command = {"sleep", "1000"};
    const auto child = ChildProcess::start(options);
    const pid_t pid = child ? child->pid() : -1;
    if (::write(pipe.write_end.get(), &pid, sizeof pid) < 0) ::_exit(1);
    for (;;) ::pause();
  }
  REQUIRE(helper > 0);
  pipe.write_end.reset();
  pid_t grandchild = -1;
  const bool told =
      readable(pipe.read_end.get()) && ::read(pipe.read_end.get(), &grandchild, sizeof grandchild) == sizeof grandchild;
  const FileDescriptor watch(told && grandchild > 0 ? ::pidfd_open(grandchild, 0) : -1);
  pollfd now{watch.get(), POLLIN, 0};
  const bool alive_before = watch && ::poll(&now, 1, 0) == 0;
  ::kill(helper, SIGKILL);
  ::waitpid(helper, nullptr, 0);
  REQUIRE(alive_before);
  CHECK(readable(watch.get()));
}

TEST_CASE("CPU time of a child is its own") {
  auto busy = ChildProcess::start(shell("while :; do :; done"));
  ProcessOptions options;
  options.command = {"sleep", "1000"};
  auto idle = ChildProcess::start(options);
  REQUIRE((busy.ok() && idle.ok()));
  const Nanoseconds deadline = monotonic_now() + kDeadline;
  while (busy->cpu_time() < 50ms && monotonic_now() < deadline) CHECK_FALSE(busy->wait(5ms));
  CHECK(busy->cpu_time() >= 50ms);
  CHECK(idle->cpu_time() < busy->cpu_time());
  CHECK(cpu_time_of(busy->pid()) >= busy->cpu_time() - 1s);
  CHECK(cpu_time_of(busy->pid()) > cpu_time_of(idle->pid()));
  const pid_t gone = busy->pid();
  busy->stop(0s);
  CHECK(busy->cpu_time() == 0ns);
  CHECK(cpu_time_of(gone) == std::nullopt);
  CHECK(ChildProcess{}.cpu_time() == 0ns);
}

}  // namespace tidegate
