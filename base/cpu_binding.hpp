#pragma once
// Which CPU a thread runs on. Two threads that wake each other for every request cost less on one CPU than on two,
// where each wake-up interrupts the other one; above all in a virtual machine.

#include <sys/types.h>

#include "base/result.hpp"

namespace tidegate {

/// Binds a thread (0: the caller) to one of the CPUs that the caller may use: the first for 0, and counted around, so
/// that any number is good on any machine. An error when the thread is gone or not ours.
Result<void> bind_to_cpu(pid_t thread, int number);

}  // namespace tidegate
