#include "runner/interrupt.hpp"

#include <unistd.h>

#include <atomic>
#include <csignal>

#include "record/verdict.hpp"

namespace tidegate::runner {
namespace {

std::atomic<int> received{0};
static_assert(std::atomic<int>::is_always_lock_free);

void on_signal(int number) {
  if (received.exchange(number) != 0) _exit(record::exit_code::interrupted);
}

void install(void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

}  // namespace

Interrupts::Interrupts() {
  received = 0;
  install(on_signal);
  std::signal(SIGPIPE, SIG_IGN);
}

Interrupts::~Interrupts() {
  install(SIG_DFL);
}

int Interrupts::signal() noexcept {
  return received;
}

}  // namespace tidegate::runner
