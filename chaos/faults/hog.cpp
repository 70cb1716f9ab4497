#include "chaos/faults/hog.hpp"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <new>

namespace tidegate::chaos {

Result<void> Hog::inject() {
  void* page = ::mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return system_error("map a page for a hog", errno);
  progress_ = new (page) Progress;
  const pid_t agent = ::getpid();
  child_ = ::fork();
  if (child_ < 0) return system_error("start a hog", errno);
  if (child_ > 0) return {};
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != agent) ::_exit(0);
  if (::close_range(3, ~0U, 0) != 0) ::_exit(1);  // none of the agent's sockets lives on in here
  std::signal(SIGTERM, SIG_DFL);
  run(*progress_);
  for (;;) ::pause();
}

Result<void> Hog::heal() {
  last_ = hits();
  end();
  return {};
}

void Hog::end() {
  if (child_ > 0) {
    ::kill(child_, SIGKILL);  // ours and not reaped yet, so the number is its own
    ::waitpid(child_, nullptr, 0);
    child_ = -1;
  }
  if (progress_ != nullptr) ::munmap(progress_, sizeof(Progress));
  progress_ = nullptr;
}

}  // namespace tidegate::chaos
