#pragma once
// SIGINT and SIGTERM as a question that waits can ask. The first asks for a clean stop; the second gives up at once,
// leaving the cleaning to the fault agent and to the kernel (children die with their parent).

namespace tidegate::runner {

/// Installs the handlers for its lifetime; one at a time.
class Interrupts {
 public:
  Interrupts();
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  /// The signal that came, 0 when none. Async-signal-safe, callable from any thread.
  static int signal() noexcept;
};

}  // namespace tidegate::runner
