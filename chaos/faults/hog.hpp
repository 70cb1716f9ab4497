#pragma once
// A neighbour of a process that takes something of the machine: a child of the agent, which the kernel ends with it.

#include <cstdint>

#include "chaos/held_fault.hpp"

namespace tidegate::chaos {

/// Injected once.
class Hog : public HeldFault {
 public:
  /// What it has done so far, seen by the agent.
  struct Progress {
    volatile std::uint64_t done = 0;
  };

  ~Hog() override { end(); }
  Result<void> inject() override;
  Result<void> heal() override;
  std::uint64_t hits() const override { return progress_ != nullptr ? progress_->done : last_; }

 protected:
  /// In the child, with no descriptor of the agent's open. Returning, it stays idle until the heal.
  virtual void run(Progress& progress) = 0;

 private:
  void end();

  int child_ = -1;
  Progress* progress_ = nullptr;
  std::uint64_t last_ = 0;
};

}  // namespace tidegate::chaos
